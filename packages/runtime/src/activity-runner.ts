import type { ActivityHandler, ActivityMessage, ActivityOpening } from '@esa/actor'
import { EsaError, isEsaError } from '@esa/protocol'
import type { ClaimedActivity, Store } from '@esa/store'
import type { Logger } from 'pino'
import type { ActorHost } from './actor-host.ts'
import { MACHINE_PACE, type Pace } from './pace.ts'
import type { Registry } from './registry.ts'
import { type Span, type SpanStart, traceIdOf, type Tracing } from './tracing.ts'

/**
 * A claim is held for this long at a time and renewed while its activity runs: what a killed worker had in hand is free
 * again after it, however long the activity may take, ms.
 */
const LEASE_MS = 5_000

/** Several renewals may fail before a lease is lost, ms. */
const RENEW_EVERY_MS = 1_500

/** How much longer than its time-out the first claim holds, until it is renewed: a short time-out must not race it, ms. */
const CLAIM_MARGIN_MS = 5_000

/**
 * Activities of one agent at a time, whichever of its actors performs them: one whose activities hang must leave places for the
 * others, and fifty changes of a database are not fifty copies of it at once.
 */
const AT_ONCE_PER_OWNER = 4

/** Tries of an activity that fails transiently. */
const ATTEMPTS_MAX = 6

/** First pause between two tries, doubled each time up to the longest, ms. */
const BACKOFF_FIRST_MS = 500
const BACKOFF_LONGEST_MS = 60_000

/** What a runner needs. */
export interface ActivityRunnerOptions {
  store: Store
  host: ActorHost
  registry: Registry
  log: Logger
  pace?: Pace
  tracing?: Tracing
}

/**
 * Runs activities: claims the row, calls the handler under its time-out, and ends the row together with the messages
 * that carry the outcome. A result that comes after another worker claimed it is refused.
 */
export class ActivityRunner {
  readonly #options: ActivityRunnerOptions
  readonly #pace: Pace
  readonly #stopping = new AbortController()
  readonly #running = new Map<string, number>()
  /** Activities that wait for an earlier one of their owner. */
  readonly #parked = new Map<string, Set<string>>()

  constructor(options: ActivityRunnerOptions) {
    this.#options = options
    this.#pace = options.pace ?? MACHINE_PACE
  }

  /** Runs one activity, unless it has ended, another worker holds it, or its owner has enough running: then it is next. */
  async run(id: string): Promise<void> {
    const owner = await this.#options.store.activityOwner(id)
    if (owner === null) return
    const running = this.#running.get(owner) ?? 0
    if (running >= AT_ONCE_PER_OWNER) {
      this.#parked.set(owner, (this.#parked.get(owner) ?? new Set()).add(id))
      return
    }
    this.#running.set(owner, running + 1)
    try {
      for (let next: string | undefined = id; next !== undefined; next = this.#unpark(owner)) {
        await this.#runOne(next)
      }
    } finally {
      const left = (this.#running.get(owner) ?? 1) - 1
      if (left > 0) this.#running.set(owner, left)
      else this.#running.delete(owner)
    }
  }

  /** Aborts what runs, and lets go of it for the next worker. */
  abort(): void {
    this.#stopping.abort()
  }

  #unpark(owner: string): string | undefined {
    const parked = this.#parked.get(owner)
    const [next] = parked ?? []
    if (next !== undefined) parked?.delete(next)
    if (parked?.size === 0) this.#parked.delete(owner)
    return next
  }

  async #runOne(id: string): Promise<void> {
    const { store, registry, log, tracing } = this.#options
    const claimed = await store.claimActivity(id, CLAIM_MARGIN_MS)
    if (claimed === null) return
    let handler: ActivityHandler
    try {
      handler = registry.activity(claimed.activity)
    } catch (error) {
      // A newer worker may know it: let go, and let the sweep find it again.
      await store.releaseActivity(id, claimed.fence, BACKOFF_LONGEST_MS)
      throw error
    }
    const letGo = this.#hold(claimed)
    const span = tracing?.begin(spanOf(claimed))
    const traced = span === undefined ? claimed : { ...claimed, trace: span.traceparent }
    try {
      const messages = await this.#within(span, () => this.#runWithin(handler, traced))
      await letGo()
      await this.#end(traced, 'done', messages)
      span?.end()
      log.debug(idsOf(traced), 'activity done')
    } catch (error) {
      await letGo()
      const failure = isEsaError(error)
        ? error
        : new EsaError('activity.failed', 'bug', `${claimed.activity} failed`, { cause: error })
      log.warn({ ...idsOf(traced), err: failure }, 'activity failed')
      span?.end({ error: failure })
      await this.#fail(handler, traced, failure)
    }
  }

  #within<T>(span: Span | undefined, work: () => T): T {
    const { tracing } = this.#options
    return span === undefined || tracing === undefined ? work() : tracing.within(span, work)
  }

  /** Renews a claim until it is released. One that cannot be renewed is lost to the next worker. */
  #hold({ id, fence }: ClaimedActivity): () => Promise<void> {
    const { store, log } = this.#options
    const sleeper = this.#pace.sleeper('claim')
    const renew = async (): Promise<void> => {
      while (!sleeper.stopped) {
        await store.releaseActivity(id, fence, LEASE_MS).catch((error: unknown) => {
          log.warn({ activityId: id, err: error }, 'claim not renewed')
        })
        await sleeper.sleep(RENEW_EVERY_MS)
      }
    }
    const renewing = renew()
    return async () => {
      sleeper.stop()
      await renewing
    }
  }

  async #fail(handler: ActivityHandler, claimed: ClaimedActivity, failure: EsaError): Promise<void> {
    const { store } = this.#options
    if (failure.code === ABORTED) return store.releaseActivity(claimed.id, claimed.fence, 0)
    if (failure.kind === 'transient' && claimed.attempt < ATTEMPTS_MAX) {
      const backoff = Math.max(BACKOFF_FIRST_MS * 2 ** (claimed.attempt - 1), askedPause(failure))
      const pause = Math.min(BACKOFF_LONGEST_MS, backoff)
      return store.releaseActivity(claimed.id, claimed.fence, pause)
    }
    await this.#end(claimed, failure.code, this.#failureMessages(handler, claimed, failure))
  }

  /** What the actor learns of the failure, whatever its handler says or fails to say: an activity always answers. */
  #failureMessages(handler: ActivityHandler, claimed: ClaimedActivity, failure: EsaError): ActivityMessage[] {
    const { actorId, activity, input } = claimed
    try {
      if (handler.onFailure !== undefined) return handler.onFailure(input, failure, actorId)
    } catch (error) {
      this.#options.log.error({ ...idsOf(claimed), err: error }, 'the failure handler of an activity failed')
    }
    const { code, message } = failure
    return [{ to: actorId, type: 'activity.failed', body: { activity, code, message } }]
  }

  async #end(
    claimed: ClaimedActivity,
    outcome: string,
    messages: (ActivityMessage | ActivityOpening)[],
  ): Promise<void> {
    const { actorId } = claimed
    const sent = messages.map((message) => ({ ...message, from: actorId }))
    const ended = await this.#options.host.endActivity(claimed, outcome, sent)
    if (!ended) this.#options.log.warn(idsOf(claimed), 'late result refused: the claim was lost')
  }

  async #runWithin(
    handler: ActivityHandler,
    claimed: ClaimedActivity,
  ): Promise<(ActivityMessage | ActivityOpening)[]> {
    const { timeoutMs, activity, actorId, id: key, attempt } = claimed
    const timeout = this.#pace.abortAfter(timeoutMs)
    const signal = AbortSignal.any([timeout, this.#stopping.signal])
    const late = new Promise<never>((_, reject) => {
      const fail = (): void => {
        const [code, why] = timeout.aborted
          ? ['activity.timed-out', `took longer than ${timeoutMs} ms`]
          : [ABORTED, 'was stopped with its worker']
        reject(new EsaError(code, 'transient', `${activity} ${why}`))
      }
      if (signal.aborted) fail()
      else signal.addEventListener('abort', fail)
    })
    // When the handler ends first, this is no longer needed.
    late.catch(() => {})
    return Promise.race([handler.run(claimed.input, { actorId, key, attempt, signal }), late])
  }
}

/** The other side's Retry-After, ms. */
function askedPause({ details }: EsaError): number {
  const { retryAfterMs } = details
  return typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0
}

/** An activity as a log line names it. */
function idsOf({ id, activity, actorId, attempt, trace }: ClaimedActivity): Record<string, unknown> {
  return { activityId: id, activity, actorId, attempt, ...traceIdOf(trace) }
}

function spanOf({ id, activity, actorId, attempt, trace }: ClaimedActivity): SpanStart {
  const attributes = { 'esa.actor.id': actorId, 'esa.activity.id': id, 'esa.attempt': attempt }
  return { name: `activity ${activity}`, kind: 'consumer', parent: trace, attributes }
}

/** The code of an activity that ended with its worker. */
const ABORTED = 'activity.aborted'
