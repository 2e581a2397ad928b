import type { ActorDefinition, ActorState } from '@esa/actor'
import type { Directory } from '@esa/org'
import { ANNOUNCED, EsaError } from '@esa/protocol'
import * as z from 'zod'
import { type NotificationContext, notificationMachine, OUTLETS_MAX } from './notification.machine.ts'

/** The type under which notifications live in the store. */
export const NOTIFICATION_TYPE = 'notification'

const notificationSchema = z.strictObject({
  incidentId: z.string().min(1),
  visit: z.int().nonnegative(),
  target: z.string().min(1),
  announced: z.enum(ANNOUNCED),
  body: z.record(z.string(), z.json()),
  decides: z.boolean(),
  outlets: z
    .array(
      z.strictObject({
        id: z.string(),
        channel: z.string(),
        person: z.string().nullable(),
        to: z.string().nullable(),
      }),
    )
    .min(1)
    .max(OUTLETS_MAX),
})

/** The notification as a durable actor. */
export function notificationDefinition(): ActorDefinition<Directory> {
  return {
    type: NOTIFICATION_TYPE,
    version: 1,
    machine: notificationMachine,
    inputFrom: ({ body }) => {
      const parsed = notificationSchema.safeParse(body)
      if (parsed.success) return parsed.data
      throw new EsaError(
        'notification.invalid',
        'terminal',
        `Invalid notification: ${z.prettifyError(parsed.error)}`,
      )
    },
  }
}

/** What a notification carries. */
export function notificationContext({ snapshot }: ActorState): NotificationContext {
  const { context }: { context: unknown } = snapshot
  return context as NotificationContext
}
