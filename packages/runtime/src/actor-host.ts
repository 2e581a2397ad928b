import { type ActorEvent, isDue, type StepInput } from '@esa/actor'
import { EsaError, type JsonObject, newId, type Scopes, textOf } from '@esa/protocol'
import type { ClaimedActivity, Lane, LockedActor, MessageRow, Ring, Store, StoreTx } from '@esa/store'
import { type Asked, Gathering } from './gathering.ts'
import { assertFewHops, assertFewOpenings, type OpeningLimit } from './flood-guard.ts'
import { byId, type Cause, causeOf, eventOf, inputOf, isOver } from './message-input.ts'
import type { Registry } from './registry.ts'
import { assertAtEpoch, brokenStep, isOfTheMessage, isWorthAnotherTry } from './step-failure.ts'
import { type Opening, type Outgoing, StepDraft, type Told } from './step-draft.ts'
import type { Tracing } from './tracing.ts'

/** A lost race or a lost answer is tried again this often; each try is a fresh transaction. */
const TRIES_MAX = 6

/** Posts of one transaction, and such transactions at a time: while one waits for the disk, the next one gathers. */
const POSTS_MAX = 64
const POST_LANES = 2

/** What the host needs. */
export interface ActorHostOptions {
  store: Store
  registry: Registry
  /** Numbers in [0, 1) for ids. */
  random: () => number
  /** True when this process rings the doorbells of what it commits; else a worker's relay finds the rows. */
  rings: boolean
  /** Without one, openings are not counted. */
  openingLimit?: OpeningLimit
  /** Without one, nothing is traced. */
  tracing?: Tracing
  /** Called after every commit: jobs to announce, and the earliest deadline armed. */
  onCommit?: (committed: { rings: Ring[]; nextDueAt: number | null }) => void
}

/** What became of a message: `already` when its recipient has had it. A dead one is reported as it was read. */
export type Delivery =
  | { outcome: 'delivered' | 'already' }
  | { outcome: 'dead'; error: EsaError; message: MessageRow | undefined }

/** What is written from outside, once its first id is known. */
type Post = (id: string) => { messages: Outgoing[]; thread?: string; trace?: string; scopes?: Scopes }

/** What opens an actor: `from` is the agent (or `operator`) that asks, `key` is unique among live actors of the type. */
export interface OpenRequest {
  type: string
  key: string | null
  from: string
  body: JsonObject
  /** What the caller may act with; not given: everything. */
  scopes?: Scopes
}

/**
 * Hosts one step at a time, each in one transaction: lock the actor, read the store clock, settle an overdue deadline,
 * step, write. Commands run in the caller's process, messages and timers in a worker's. The order of an actor's steps
 * is the order of its row lock.
 */
export class ActorHost {
  readonly #options: ActorHostOptions
  readonly #posts = new Gathering<Post, string[]>({
    most: POSTS_MAX,
    lanes: POST_LANES,
    serve: (asked) => this.#servePosts(asked),
  })

  constructor(options: ActorHostOptions) {
    this.#options = options
  }

  /**
   * Gives an actor an event; the answer is the commit. With `ifEpoch` only while the actor is at that epoch, and its
   * deadline has not passed. @throws EsaError `agent.unknown` (terminal) when it is neither an actor nor an agent,
   * `request.conflict` (terminal) when it moved on: nothing is written then. What the event causes acts with `scopes`.
   */
  command(
    actorId: string,
    event: JsonObject & { type: string },
    { ifEpoch, scopes = null }: { ifEpoch?: number; scopes?: Scopes } = {},
  ): Promise<Told> {
    return this.#transact(async (tx, idAt, retried) => {
      const [locked] = await tx.lockActors([actorId])
      const draft = await this.#draft(tx)
      const input: StepInput = { kind: 'event', id: idAt(draft.at), event }
      if (locked === undefined)
        return { draft, result: this.#startAgent(draft, actorId, [input], { cause: null, scopes }) }
      const applied = retried ? await this.#appliedBefore(actorId, input.id) : []
      if (applied.length > 0) return { draft: null, result: { state: locked.state, events: applied } }
      if (ifEpoch !== undefined) assertAtEpoch(locked.state, ifEpoch, draft.at)
      return { draft, result: draft.advance(locked, input, null, scopes) }
    })
  }

  /** Opens an actor of a type, or tells the live one that holds the key. */
  open(request: OpenRequest): Promise<Opened> {
    return this.#transact((tx, idAt) => this.#open(tx, request, idAt, null))
  }

  /** Writes a message from outside: once this returns its id, it is durable. */
  async post(message: Outgoing): Promise<string> {
    const [id] = await this.postAll(() => ({ messages: [message] }))
    return id!
  }

  /** Writes messages from outside, all or none, in one thread: the given one, or the first one's id. Answers with their ids. */
  postAll(write: Post): Promise<string[]> {
    const { tracing } = this.#options
    if (tracing === undefined) return this.#posts.add(write)
    // Here, because posts of several requests are written together.
    const span = tracing.begin({ name: 'post', kind: 'producer' })
    return this.#posts.add((id) => ({ ...write(id), trace: span.traceparent })).finally(() => span.end())
  }

  /**
   * Hands a message to its recipient, once. One that can never be taken is buried: `dead`. @throws EsaError when not the
   * message is at fault, but the store, or a deadline of its recipient that comes first.
   */
  async deliver(messageId: string): Promise<Delivery> {
    let message: MessageRow | undefined
    const onRead = (row: MessageRow | undefined): void => void (message = row)
    try {
      return { outcome: await this.#transact((tx, idAt) => this.#deliver(tx, messageId, idAt, onRead)) }
    } catch (error) {
      if (!isOfTheMessage(error)) throw error
      if (typeof message?.toActor === 'string') await this.#settle(message.toActor, error)
      await this.#options.store.buryMessage(messageId, error.code)
      return { outcome: 'dead', error, message }
    }
  }

  /**
   * Hands messages to as many of their recipients as are free, one message each, in one transaction. Answers with what
   * did not go along: `again` is behind another message of its recipient; `alone` takes `deliver`, because its recipient
   * is new or held elsewhere, or its machine fails.
   */
  deliverTogether(ids: string[]): Promise<{ again: string[]; alone: string[] }> {
    return this.#transact(async (tx) => {
      const locked = new Map((await tx.lockRecipients(ids)).map((actor) => [actor.state.id, actor]))
      // Read under the locks: what another worker has consumed is over.
      const open = (await tx.messages(ids)).filter((message) => !isOver(message)).sort(byId)
      const draft = await this.#draft(tx)
      const left = { again: [] as string[], alone: [] as string[] }
      for (const [recipient, messages] of Map.groupBy(open, ({ toActor }) => toActor)) {
        const actor = recipient === null ? undefined : locked.get(recipient)
        const [first, ...rest] = messages.map(({ id }) => id)
        if (actor !== undefined && takes(draft, actor, messages[0]!)) left.again.push(...rest)
        else left.alone.push(first!, ...rest)
      }
      return { draft, result: left }
    })
  }

  /**
   * Serves what is due among these actors in one transaction; one that is locked elsewhere is left to the holder of the lock.
   * An actor whose machine fails is reported, and costs the others nothing.
   */
  serveDue(ids: string[]): Promise<{ served: number; failed: { id: string; error: unknown }[] }> {
    return this.#transact(async (tx) => {
      const locked = await tx.lockActors(ids, { skipLocked: true })
      const draft = await this.#draft(tx)
      const failed: { id: string; error: unknown }[] = []
      let served = 0
      for (const actor of locked) {
        try {
          if (draft.settle(actor)) served++
        } catch (error) {
          failed.push({ id: actor.state.id, error })
        }
      }
      return { draft, result: { served, failed } }
    }, 'deadlines')
  }

  /** Ends an activity and sends what it brought back, in one transaction. False when its claim was lost meanwhile. */
  endActivity(activity: ClaimedActivity, outcome: string, sent: (Outgoing | Opening)[]): Promise<boolean> {
    return this.#transact(async (tx) => {
      const ended = await tx.endActivity(activity.id, activity.fence, outcome)
      const draft = await this.#draft(tx)
      if (ended)
        for (const [index, message] of sent.entries())
          draft.post(`${activity.id}.r${index}`, message, message.from, activity)
      return { draft, result: ended }
    })
  }

  /** Posts that came together share a transaction; when it fails, each learns for itself whether it was the one. */
  async #servePosts(asked: Asked<Post, string[]>[]): Promise<void> {
    try {
      const answers = await this.#post(asked.map(({ ask }) => ask))
      asked.forEach(({ resolve }, index) => resolve(answers[index]!))
    } catch (error) {
      if (asked.length === 1) throw error
      for (const { ask, resolve, reject } of asked) {
        await this.#post([ask]).then(([ids]) => resolve(ids!), reject)
      }
    }
  }

  #post(posts: Post[]): Promise<string[][]> {
    // Kept over the tries: after a commit whose answer was lost, the same rows are there already.
    const firstIds: string[] = []
    return this.#transact(async (tx) => {
      const draft = await this.#draft(tx)
      const result = posts.map((write, n) => {
        const id = (firstIds[n] ??= newId(draft.at, this.#options.random))
        const { messages, thread = id, ...origin } = write(id)
        const ids = messages.map((_, index) => (index === 0 ? id : `${id}.${index}`))
        messages.forEach((message, index) => draft.post(ids[index]!, message, thread, origin))
        return ids
      })
      return { draft, result }
    })
  }

  async #deliver(
    tx: StoreTx,
    messageId: string,
    idAt: IdAt,
    onRead: (row: MessageRow | undefined) => void,
  ): Promise<Taken<'delivered' | 'already'>> {
    const already: Taken<'already'> = { draft: null, result: 'already' }
    const [hint] = await tx.messages([messageId])
    onRead(hint)
    if (hint === undefined || isOver(hint)) return already
    assertFewHops(hint)
    const cause = causeOf(hint)
    if (hint.toActor === null) {
      // Two that deliver it at once meet in no actor: what it opens is new each time.
      const message = await tx.lockMessage(messageId)
      if (message === null || isOver(message)) return already
      if (message.type !== 'open')
        return { draft: await this.#tellHolder(tx, message, cause), result: 'delivered' }
      const request = {
        type: textOf(message.toType),
        key: message.toKey,
        from: message.from,
        body: message.body,
      }
      const { draft } = await this.#open(tx, request, idAt, cause)
      return { draft, result: 'delivered' }
    }
    const [locked] = await tx.lockActors([hint.toActor])
    // Under the lock: another worker may have consumed it while this one waited.
    const [message] = await tx.messages([messageId])
    if (message === undefined || isOver(message)) return already
    const draft = await this.#draft(tx)
    draft.consume(messageId)
    const input = inputOf(message)
    if (locked === undefined) this.#startAgent(draft, hint.toActor, [input], { cause, scopes: cause.scopes })
    else draft.advance(locked, input, cause)
    return { draft, result: 'delivered' }
  }

  /**
   * Serves an actor's overdue deadline by itself. @throws `error`, which met a message on its way there, when it is the
   * deadline that fails: then the message is not at fault, and waits until the actor is fixed.
   */
  async #settle(actorId: string, error: EsaError): Promise<void> {
    let due = false
    const settled = this.#transact(async (tx) => {
      const [locked] = await tx.lockActors([actorId])
      const draft = await this.#draft(tx)
      due = locked !== undefined && isDue(locked.state, locked.state.epoch, draft.at)
      if (due) draft.settle(locked!)
      return { draft, result: undefined }
    })
    await settled.catch(() => {
      if (due) throw error
    })
  }

  /** Gives an event to the live actor that holds a key, once what opens it has been delivered; no other actor takes it. */
  async #tellHolder(tx: StoreTx, message: MessageRow, cause: Cause): Promise<StepDraft> {
    const { toType, toKey, id } = message
    const { after, ...body } = message.body
    const [opening] = await tx.messages([textOf(after)])
    if (opening !== undefined && !isOver(opening)) {
      throw new EsaError(
        'runtime.too-early',
        'transient',
        `${id} comes before ${opening.id}, which it follows`,
      )
    }
    const holder = await tx.lockKey(textOf(toType), textOf(toKey))
    const draft = await this.#draft(tx)
    draft.consume(id)
    const input: StepInput = { kind: 'event', id, event: eventOf({ ...message, body }) }
    if (holder !== null) draft.advance(holder, input, cause)
    return draft
  }

  async #open(tx: StoreTx, request: OpenRequest, idAt: IdAt, cause: Cause | null): Promise<Taken<Opened>> {
    const { registry } = this.#options
    const { type, key, from, body, scopes = cause?.scopes ?? null } = request
    const holder = key === null ? null : await tx.lockKey(type, key)
    const draft = await this.#draft(tx)
    const actorId = idAt(draft.at)
    // After a commit whose answer was lost, the actor there is the one that this very request opened.
    const [mine] = holder === null ? await tx.lockActors([actorId]) : [holder]
    if (mine?.state.id === actorId)
      return { draft: null, result: { state: mine.state, events: [], created: true } }
    await assertFewOpenings(tx, this.#options.openingLimit, request, cause)
    if (cause !== null) draft.consume(cause.messageId)
    if (holder !== null) {
      const input: StepInput = { kind: 'event', id: actorId, event: { ...body, type: 'open', from } }
      return { draft, result: { ...draft.advance(holder, input, cause, scopes), created: false } }
    }
    const definition = registry.newest(type)
    const { consults } = definition
    const consulted = consults === undefined ? [] : await tx.liveActors(consults)
    const input = registry.inputFor(definition, { actorId, from, body, at: draft.at, consulted })
    const first: StepInput = { kind: 'start', id: actorId, input, event: {} }
    return { draft, result: { ...draft.start(definition, first, key, [], cause, scopes), created: true } }
  }

  /** The events that this input wrote in an earlier try whose answer was lost. */
  async #appliedBefore(actorId: string, inputId: string): Promise<ActorEvent[]> {
    const stream = await this.#options.store.readStream(actorId)
    const from = stream.findIndex((event) => event.inputId === inputId)
    if (from < 0) return []
    const next = stream.findIndex((event, index) => index > from && event.inputId !== null)
    return stream.slice(from, next < 0 ? undefined : next)
  }

  /** An agent's mailbox comes into being with its first message. */
  #startAgent(
    draft: StepDraft,
    agentId: string,
    then: StepInput[],
    { cause, scopes }: { cause: Cause | null; scopes: Scopes },
  ): Told {
    const { registry } = this.#options
    const definition = registry.agent(agentId)
    const input = registry.inputFor(definition, {
      actorId: agentId,
      from: agentId,
      body: {},
      at: draft.at,
      consulted: [],
    })
    return draft.start(
      definition,
      { kind: 'start', id: agentId, input, event: {} },
      null,
      then,
      cause,
      scopes,
    )
  }

  async #draft(tx: StoreTx): Promise<StepDraft> {
    const { registry, tracing } = this.#options
    return new StepDraft(registry, await tx.env(), tracing)
  }

  /** One transaction, tried again after a lost race or a lost answer, with the same id: an input applies once. */
  async #transact<T>(
    work: (tx: StoreTx, idAt: IdAt, retried: boolean) => Promise<Taken<T>>,
    lane: Lane = 'work',
  ): Promise<T> {
    const { store, rings, random, onCommit } = this.#options
    let id: string | null = null
    const idAt = (at: number): string => (id ??= newId(at, random))
    for (let tries = 1; ; tries++) {
      const taken: { draft: StepDraft | null } = { draft: null }
      try {
        const committed = await store.transact(async (tx) => {
          const { draft, result } = await work(tx, idAt, tries > 1).catch(brokenStep)
          taken.draft = draft
          const rung = draft === null || draft.empty ? [] : await draft.write(tx, rings)
          return { result, rings: rings ? rung : [], nextDueAt: draft?.nextDueAt ?? null }
        }, lane)
        taken.draft?.endSpans()
        onCommit?.(committed)
        return committed.result
      } catch (error) {
        taken.draft?.endSpans(error)
        if (tries >= TRIES_MAX || !isWorthAnotherTry(error)) throw error
      }
    }
  }
}

type Taken<T> = { draft: StepDraft | null; result: T }
type Opened = Told & { created: boolean }
type IdAt = (at: number) => string

/** Steps an actor by a message; false when its machine fails, and then the draft holds nothing of it. */
function takes(draft: StepDraft, actor: LockedActor, message: MessageRow): boolean {
  try {
    assertFewHops(message)
    draft.advance(actor, inputOf(message), causeOf(message))
  } catch {
    // A single delivery meets the same failure, and reports it.
    return false
  }
  draft.consume(message.id)
  return true
}
