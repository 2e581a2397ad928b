import type { Incident } from '@esa/escalation'
import { stubReceiver } from '@esa/notify/testing'
import { addPerson, listDeliveries } from '@esa/operations/notifications'
import { expect } from 'vitest'
import { type NotificationWorld, notificationWorld, until } from './notification-world.ts'

/** A signing key that must be nowhere but in its variable. */
export const SECRET = `whsec_${Buffer.from('a canary that is thirty-two long').toString('base64')}`

let ends: (() => unknown)[] = []

/** Ends everything that a test began. */
export async function endAll(): Promise<void> {
  for (const end of ends) await end()
  ends = []
}

/** Has something ended with the test. */
export function endWithTest(end: () => unknown): void {
  ends.push(end)
}

/** A world with a worker that sends, and links. */
export async function begin(): Promise<NotificationWorld> {
  const world = await notificationWorld({
    environment: { HOOK_SECRET: SECRET },
    publicUrl: 'https://esa.example.org',
    find: async () => [{ address: '127.0.0.1', family: 4 }],
  })
  ends.push(world.stop)
  return world
}

/** A receiver that answers so, the last answer again and again. */
export async function receiver(...answers: Parameters<typeof stubReceiver>): ReturnType<typeof stubReceiver> {
  const stub = await stubReceiver(...answers)
  ends.push(stub.close)
  return stub
}

/** The specification of a webhook of this machine. */
export const webhook = (url: string, more: object = {}) => ({
  kind: 'webhook',
  url,
  secret: 'env:HOOK_SECRET',
  allowPrivate: true,
  allowPlain: true,
  ...more,
})

/** Waits until a channel has as many tries in the log as that, turning the clock past each pause. */
export async function tried({ store, turn }: NotificationWorld, channel: string, times: number) {
  return await until(`${times} tries by ${channel}`, async () => {
    const rows = await listDeliveries(store, { channel })
    if (rows.length >= times) return rows
    turn(1_000)
    return null
  })
}

/** Waits for an event of a type, turning the clock by a little. */
export async function eventOf({ events, turn }: NotificationWorld, stream: string, type: string, turnMs = 0) {
  return await until(`${type} of ${stream}`, async () => {
    turn(turnMs)
    return (await events(stream)).find((event) => event.type === type)
  })
}

/** The types of a stream's events. */
export const typesOf = async ({ events }: NotificationWorld, stream: string) =>
  (await events(stream)).map(({ type }) => type)

/** An incident of layer-1 whose first level is a person, Ada, who is reached by these channels. */
export async function holding(all: NotificationWorld, ...channels: string[]): Promise<Incident> {
  const { world, seat, open } = all
  const agent = 'domain-1'
  await seat(agent)
  if (channels.length > 0) await addPerson(world, { person: 'Ada', agent, channels })
  const incident = await open('layer-1', 'performance')
  expect(incident.path[0]).toMatchObject({ level: 'domain', agents: [agent] })
  return incident
}

/** The notification that had something delivered by a channel. */
export async function notificationOf({ store }: NotificationWorld, channel: string): Promise<string> {
  const [row] = await listDeliveries(store, { channel })
  return row!.notificationId
}
