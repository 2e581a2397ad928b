import type { ActivityHandler, ActivityMessage } from '@esa/actor'
import { EsaError, isEsaError } from '@esa/protocol'
import type { ClaimedActivity, Store } from '@esa/store'
import type { Logger } from 'pino'
import type { ActorHost } from './actor-host.ts'
import type { Registry } from './registry.ts'

/** How much longer than its time-out an activity is held: the end of a run must not race its claim, ms. */
const LEASE_MARGIN_MS = 5_000

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
}

/**
 * Runs activities: claims the row, calls the handler under its time-out, and ends the row together with the messages
 * that carry the outcome. A result that comes after the claim went to somebody else is refused.
 */
export class ActivityRunner {
  readonly #options: ActivityRunnerOptions

  constructor(options: ActivityRunnerOptions) {
    this.#options = options
  }

  /** Runs one activity, unless it has ended or another worker holds it. */
  async run(id: string): Promise<void> {
    const { store, registry, log } = this.#options
    const claimed = await store.claimActivity(id, LEASE_MARGIN_MS)
    if (claimed === null) return
    let handler: ActivityHandler
    try {
      handler = registry.activity(claimed.activity)
    } catch (error) {
      // A newer worker may know it: let go, and let the sweep find it again.
      await store.releaseActivity(id, claimed.fence, BACKOFF_LONGEST_MS)
      throw error
    }
    try {
      await this.#end(claimed, 'done', await runWithin(handler, claimed))
    } catch (error) {
      const failure = isEsaError(error)
        ? error
        : new EsaError('activity.failed', 'bug', `${claimed.activity} failed`, { cause: error })
      log.warn(
        { activityId: id, actorId: claimed.actorId, attempt: claimed.attempt, err: failure },
        'activity failed',
      )
      await this.#fail(handler, claimed, failure)
    }
  }

  async #fail(handler: ActivityHandler, claimed: ClaimedActivity, failure: EsaError): Promise<void> {
    if (failure.kind === 'transient' && claimed.attempt < ATTEMPTS_MAX) {
      const pause = Math.min(BACKOFF_LONGEST_MS, BACKOFF_FIRST_MS * 2 ** (claimed.attempt - 1))
      await this.#options.store.releaseActivity(claimed.id, claimed.fence, pause)
      return
    }
    await this.#end(claimed, failure.code, handler.onFailure?.(claimed.input, failure, claimed.actorId) ?? [])
  }

  async #end(claimed: ClaimedActivity, outcome: string, messages: ActivityMessage[]): Promise<void> {
    const { actorId } = claimed
    const sent = messages.map((message) => ({ ...message, from: actorId }))
    const ended = await this.#options.host.endActivity(claimed, outcome, sent)
    if (!ended)
      this.#options.log.warn({ activityId: claimed.id, actorId }, 'late result refused: the claim was lost')
  }
}

async function runWithin(handler: ActivityHandler, claimed: ClaimedActivity): Promise<ActivityMessage[]> {
  const { timeoutMs } = claimed
  const signal = AbortSignal.timeout(timeoutMs)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(
        new EsaError(
          'activity.timed-out',
          'transient',
          `${claimed.activity} took longer than ${timeoutMs} ms`,
        ),
      )
    })
  })
  return Promise.race([
    handler.run(claimed.input, {
      actorId: claimed.actorId,
      key: claimed.id,
      attempt: claimed.attempt,
      signal,
    }),
    late,
  ])
}
