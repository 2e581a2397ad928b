import { type Artifact, type Task, TaskState } from '@a2a-js/sdk'
import type { TaskAnswer, TaskDocument } from '@esa/operations'
import type { Json } from '@esa/protocol'
import { waitingMetadata } from './escalation-extension.ts'
import { asked, dataPart, said, textPart } from './parts.ts'

/** A message of the organization with what was answered. */
export type AnsweredTask = TaskDocument & { answers: TaskAnswer[] }

/** A message as a task: its state follows the real conversation, its answers are artifacts. */
export function messageTask(task: AnsweredTask): Task {
  const { id, thread, at, holder, subject, body, answers } = task
  const state = stateOf(task)
  const about = { contextId: thread, taskId: id }
  return {
    id,
    contextId: thread,
    status: {
      state,
      message: said([textPart(wordsOf(task))], {
        ...about,
        messageId: `${id}-${task.state}-${answers.length}`,
      }),
      timestamp: answers.at(-1)?.at ?? at,
    },
    artifacts: answers.map((answer, nth) => artifactOf(id, answer, nth)),
    history: [asked([textPart(subject), dataPart(body)], { ...about, messageId: id })],
    metadata: waitingMetadata({
      tier: null,
      waitingFor: holder === null ? [] : [holder],
      heldBy: null,
      deadline: null,
    }),
  }
}

/** A report on the way is not an answer yet. */
function isFinal({ type }: TaskAnswer): boolean {
  return type !== 'status_update'
}

function stateOf({ state, answers }: AnsweredTask): TaskState {
  const last = answers.findLast(isFinal)
  if (last !== undefined)
    return failed(last.said) ? TaskState.TASK_STATE_FAILED : TaskState.TASK_STATE_COMPLETED
  switch (state) {
    case 'sent':
      return TaskState.TASK_STATE_SUBMITTED
    case 'open':
      return TaskState.TASK_STATE_INPUT_REQUIRED
    case 'undeliverable':
      return TaskState.TASK_STATE_FAILED
    case 'done':
      return TaskState.TASK_STATE_WORKING
  }
}

/** A skill that could not do it says `ok: false`. */
function failed(answer: Json): boolean {
  const { result = answer } = Object(answer) as { result?: Json }
  return (Object(result) as { ok?: unknown }).ok === false
}

function artifactOf(id: string, { from, type, said: answer }: TaskAnswer, nth: number): Artifact {
  return {
    artifactId: `${id}-${nth + 1}`,
    name: type,
    description: `what ${from} answered`,
    parts: [typeof answer === 'string' ? textPart(answer) : dataPart(answer)],
    metadata: undefined,
    extensions: [],
  }
}

function wordsOf({ state, holder, to, answers }: AnsweredTask): string {
  const last = answers.findLast(isFinal)
  if (last !== undefined) return `answered by ${last.from}`
  if (state === 'open') return `waits in the inbox of ${holder ?? to}`
  if (state === 'sent') return `on its way to ${to}`
  return state === 'undeliverable' ? `could not be delivered to ${to}` : `${to} works on it`
}
