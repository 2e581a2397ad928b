import { type Message, type Part, Role, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk'
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
} from '@a2a-js/sdk/client'

/** The key under which a task says what it waits for. */
const ESCALATION = 'urn:esa:a2a:escalation:v1'

/** The official client of one agent, found by its card, with a token. */
export function a2aClient(url: string, agent: string, token?: string): Promise<Client> {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    return fetch(input, { ...init, headers })
  }
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  })
  return factory.createFromUrl(`${url}/a2a/${agent}/`)
}

/** What a client sends: words, data, or both, perhaps to a task. */
export function message(words: string, data?: object, taskId = '') {
  const empty = { metadata: undefined, filename: '', mediaType: '' }
  const parts: Part[] = [
    ...(words === '' ? [] : [{ ...empty, content: { $case: 'text' as const, value: words } }]),
    ...(data === undefined ? [] : [{ ...empty, content: { $case: 'data' as const, value: data } }]),
  ]
  const sent: Message = {
    messageId: crypto.randomUUID(),
    contextId: '',
    taskId,
    role: Role.ROLE_USER,
    parts,
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  }
  return { tenant: '', message: sent, configuration: undefined, metadata: undefined }
}

/** A task, or a change of one, in a line: its state, and what it waits for. */
export function lineOf({ payload }: StreamResponse): string {
  switch (payload?.$case) {
    case 'task':
    case 'statusUpdate':
      return line(payload.value)
    case 'artifactUpdate':
      return `artifact ${payload.value.artifact?.name}`
    default:
      return 'message'
  }
}

interface Waiting {
  tier: string | null
  waitingFor: string[]
  heldBy: string | null
}

/** A task in a line. */
export function line({ status, metadata }: Pick<Task, 'status' | 'metadata'>): string {
  const { tier, waitingFor, heldBy } = metadata![ESCALATION] as Waiting
  const state = TaskState[status!.state].replace('TASK_STATE_', '')
  const who = heldBy === null ? waitingFor.join('+') : `held by ${heldBy}`
  return [state, tier, who].filter(Boolean).join(' ')
}

/** A listing without any filter. */
export const EVERYTHING = {
  tenant: '',
  contextId: '',
  status: TaskState.TASK_STATE_UNSPECIFIED,
  pageToken: '',
  statusTimestampAfter: undefined,
}
