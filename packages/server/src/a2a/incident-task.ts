import { type Task, TaskState } from '@a2a-js/sdk'
import type { Incident } from '@esa/escalation'
import { isoTime } from '@esa/protocol'
import { waitingMetadata } from './escalation-extension.ts'
import { dataPart, said, textPart } from './parts.ts'

/** An incident, and what its row and log say beside its view. */
export interface IncidentFacts {
  incident: Incident
  /** When it last changed, Unix ms. */
  at: number
  withdrawn: boolean
}

/** An incident as a task: its state follows the ladder. What others wrote of it is in data parts alone. */
export function incidentTask({ incident, at, withdrawn }: IncidentFacts): Task {
  const { id, level, addressees, heldBy, deadlineAt } = incident
  const state = stateOf(incident, withdrawn)
  const waiting = state === TaskState.TASK_STATE_INPUT_REQUIRED
  const about = { messageId: `${id}-${incident.seq}`, contextId: id, taskId: id }
  const parts = [textPart(wordsOf(incident, waiting)), dataPart(JSON.parse(JSON.stringify(incident)))]
  return {
    id,
    contextId: id,
    status: { state, message: said(parts, about), timestamp: isoTime(at) },
    artifacts: [],
    history: [],
    metadata: waitingMetadata({
      tier: state === TaskState.TASK_STATE_COMPLETED ? null : level,
      waitingFor: waiting ? addressees : [],
      heldBy,
      deadline: deadlineAt,
    }),
  }
}

/** An incident that waits for a tier needs input; an acknowledged one is being worked on. */
function stateOf({ status }: Incident, withdrawn: boolean): TaskState {
  switch (status) {
    case 'resolved':
      return withdrawn ? TaskState.TASK_STATE_CANCELED : TaskState.TASK_STATE_COMPLETED
    case 'acknowledged':
    case 'snoozed':
    case 'suppressed':
      return TaskState.TASK_STATE_WORKING
    default:
      return TaskState.TASK_STATE_INPUT_REQUIRED
  }
}

function wordsOf({ status, level, addressees, heldBy, deadlineAt }: Incident, waiting: boolean): string {
  const until = deadlineAt === null ? '' : `, until ${deadlineAt}`
  if (waiting) return `waits at the ${level} level for ${addressees.join(', ')}${until}`
  return heldBy === null ? status : `${status} by ${heldBy}${until}`
}
