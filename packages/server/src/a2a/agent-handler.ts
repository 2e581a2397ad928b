import type {
  AgentCard,
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  Message,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
} from '@a2a-js/sdk'
import { TaskState } from '@a2a-js/sdk'
import {
  ExtendedAgentCardNotConfiguredError,
  PushNotificationNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
} from '@a2a-js/sdk/errors'
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server'
import type { Desk } from '../mcp/desk.ts'
import { agentCard } from './agent-card.ts'
import { ESCALATION_EXTENSION } from './escalation-extension.ts'
import { followTask, settledTask } from './follow-task.ts'
import { dataOf, wordsOf } from './parts.ts'
import { receiveMessage } from './receive-message.ts'
import { taskOf, tasksOf } from './tasks-of-agent.ts'
import { toldAsA2a } from './told-as-a2a.ts'

/** How long a message that is to be waited for is waited for, ms: clients and proxies give up after half a minute. */
const SETTLE_WITHIN_MS = 20_000

/** Tasks of one page, unless a client says, and at most. */
const PAGE = 50
const PAGE_MAX = 100

/** Where an agent is spoken to. */
interface Place {
  desk: Desk
  agent: string
  /** Where this server is reached. */
  base: string
  /** Aborted when the client is gone, or its token no longer counts. */
  signal: AbortSignal
}

/**
 * One agent as A2A clients meet it, for one request. It keeps nothing: a task is an incident or a message of the store, under
 * the same id, so that every server process answers alike.
 */
export class AgentHandler implements A2ARequestHandler {
  readonly #place: Place

  constructor(place: Place) {
    this.#place = place
  }

  async getAgentCard(): Promise<AgentCard> {
    const { desk, agent, base } = this.#place
    return agentCard(desk.world, agent, base)
  }

  sendMessage(request: SendMessageRequest, context: ServerCallContext): Promise<Message | Task> {
    return this.#told(async () => {
      const received = await this.#receive(request, context)
      if (received.message !== null) return received.message
      const { id, pending } = received
      const waits = pending && request.configuration?.returnImmediately !== true
      const within = waits ? SETTLE_WITHIN_MS : 0
      const { desk, signal } = this.#place
      const task = await settledTask(desk.feed, () => this.#read(id), { withinMs: within, signal })
      return shortened(task, request.configuration?.historyLength)
    })
  }

  async *sendMessageStream(
    request: SendMessageRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    const received = await this.#told(() => this.#receive(request, context))
    if (received.message === null) yield* this.#follow(received.id)
    else yield { payload: { $case: 'message', value: received.message } }
  }

  async *resubscribe(
    { id }: SubscribeToTaskRequest,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    await this.#told(() => this.#admit(context))
    yield* this.#follow(id)
  }

  getTask({ id, historyLength }: GetTaskRequest, context: ServerCallContext): Promise<Task> {
    return this.#told(async () => {
      await this.#admit(context)
      return shortened(await this.#read(id), historyLength)
    })
  }

  listTasks(request: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    return this.#told(async () => {
      await this.#admit(context)
      const { contextId, status, pageToken, historyLength, statusTimestampAfter } = request
      const all = await tasksOf(this.#place.desk, this.#place.agent)
      const fitting = all.filter(
        (task) =>
          (contextId === '' || task.contextId === contextId) &&
          (status === TaskState.TASK_STATE_UNSPECIFIED || task.status?.state === status) &&
          (statusTimestampAfter === undefined || (task.status?.timestamp ?? '') > statusTimestampAfter),
      )
      const pageSize = Math.min(request.pageSize ?? PAGE, PAGE_MAX)
      const from = Number(pageToken === '' ? 0 : pageToken)
      if (!Number.isSafeInteger(from) || from < 0) throw new RequestMalformedError('not a page token')
      const tasks = fitting.slice(from, from + pageSize).map((task) => shortened(task, historyLength))
      const next = from + tasks.length
      const nextPageToken = next < fitting.length ? String(next) : ''
      return { tasks, nextPageToken, pageSize, totalSize: fitting.length }
    })
  }

  cancelTask({ id }: CancelTaskRequest, context: ServerCallContext): Promise<Task> {
    return this.#told(async () => {
      await this.#admit(context)
      await this.#read(id)
      if ((await this.#place.desk.world.store.readActor(id)) === null)
        throw new TaskNotCancelableError('a message that was sent is not taken back')
      const { desk, agent } = this.#place
      await receiveMessage(desk, agent, { taskId: id, words: '', data: { type: 'withdraw' } })
      return this.#read(id)
    })
  }

  async createTaskPushNotificationConfig(): Promise<never> {
    throw noPush()
  }

  async getTaskPushNotificationConfig(): Promise<never> {
    throw noPush()
  }

  async listTaskPushNotificationConfigs(): Promise<never> {
    throw noPush()
  }

  async deleteTaskPushNotificationConfig(): Promise<never> {
    throw noPush()
  }

  async getAuthenticatedExtendedAgentCard(): Promise<never> {
    throw new ExtendedAgentCardNotConfiguredError('the card is the same for all callers')
  }

  async #receive(request: SendMessageRequest, context: ServerCallContext) {
    activate(context)
    const { message } = request
    if (message === undefined) throw new RequestMalformedError('a message is missing')
    const { desk, agent } = this.#place
    const { taskId, messageId } = message
    return receiveMessage(desk, agent, { taskId, messageId, words: wordsOf(message), data: dataOf(message) })
  }

  async #admit(context: ServerCallContext): Promise<void> {
    activate(context)
    await this.#place.desk.admit('incidents:read')
  }

  #told<T>(work: () => Promise<T>): Promise<T> {
    return toldAsA2a(this.#place.desk.ports.log, work)
  }

  /** A token that was revoked before it was read gets nothing of it. */
  async #read(id: string): Promise<Task> {
    const { desk, agent } = this.#place
    const task = await taskOf(desk, agent, id)
    await desk.admitAny()
    return task
  }

  async *#follow(id: string): AsyncGenerator<StreamResponse, void, undefined> {
    const { signal, desk } = this.#place
    const { feed, world } = desk
    // An incident has a stream of its own; the outcome of a message is in those of agents.
    const stream = (await world.store.readActor(id)) === null ? null : id
    yield* followTask(feed, () => this.#told(() => this.#read(id)), { stream, signal })
  }
}

/** A client that requests the extension learns that it is supported. */
function activate(context: ServerCallContext): void {
  if (context.requestedExtensions?.includes(ESCALATION_EXTENSION) === true)
    context.addActivatedExtension(ESCALATION_EXTENSION)
}

function shortened(task: Task, historyLength: number | undefined): Task {
  if (historyLength === undefined) return task
  return { ...task, history: historyLength === 0 ? [] : task.history.slice(-historyLength) }
}

function noPush(): Error {
  return new PushNotificationNotSupportedError('follow the stream, or let esa webhooks tell you')
}
