import type { ActorDefinition } from '@esa/actor'
import type { Directory } from '@esa/org'
import { approvalDefinition } from './approval/approval-definition.ts'
import { incidentDefinition } from './incident/incident-definition.ts'
import { noteDefinition } from './note/note-definition.ts'
import { notificationDefinition } from './notification/notification-definition.ts'
import { silenceDefinition } from './silence/silence-definition.ts'

/**
 * Every durable actor of this package, in every version: a stored actor goes on with the machine of its version, and a
 * new one begins with the newest. Waits are divided by `timeScale`.
 */
export function escalationDefinitions({ timeScale }: { timeScale: number }): ActorDefinition<Directory>[] {
  return [
    incidentDefinition({ timeScale }),
    incidentDefinition({ timeScale, version: 1 }),
    silenceDefinition(),
    approvalDefinition({ timeScale }),
    approvalDefinition({ timeScale, version: 2 }),
    approvalDefinition({ timeScale, version: 1 }),
    notificationDefinition(),
    noteDefinition(),
  ]
}
