import { EsaError, isEsaError, isoTime, type Json, newId } from '@esa/protocol'
import { random } from '@esa/operations'
import type { TargetWork } from '@esa/operations/plugin'

/** Runs at once: each may copy a database, and a server has requests to answer beside. */
const AT_ONCE = 2

/** Runs whose answers are kept, the newest: a page asks again within seconds. */
const KEPT = 50

/** A run that ends sooner than this is answered at once, ms. */
const ANSWER_WITHIN_MS = 10_000

/** Something that is done on a target, or was. */
export interface TargetRun {
  id: string
  work: TargetWork
  target: string
  state: 'running' | 'done' | 'failed'
  startedAt: string
  tookMs: number | null
  result: Json
  problem: { code: string; message: string; hint: string | null } | null
}

/** Work on targets that may outlast its request. Kept by this server alone, and gone with it: what is to last is a task of Layer 1's. */
export class TargetRuns {
  readonly #runs = new Map<string, TargetRun>()

  /** Begins a run, and gives its state when it ends or some seconds have passed. @throws EsaError `request.busy` (terminal). */
  async start(
    { work, target, nowMs }: Pick<TargetRun, 'work' | 'target'> & { nowMs: number },
    go: () => Promise<Json>,
  ): Promise<TargetRun> {
    const running = [...this.#runs.values()].filter(({ state }) => state === 'running')
    if (running.length >= AT_ONCE) {
      throw new EsaError('request.busy', 'terminal', `${AT_ONCE} runs on targets are under way`, {
        hint: 'try again when one of them has ended',
        details: { running: running.map(({ id }) => id) },
      })
    }
    const id = newId(nowMs, random)
    const run: TargetRun = {
      id,
      work,
      target,
      state: 'running',
      startedAt: isoTime(nowMs),
      tookMs: null,
      result: null,
      problem: null,
    }
    this.#keep(run)
    const began = performance.now()
    const ended = go()
      .then(
        (result) => ({ state: 'done' as const, result, problem: null }),
        (error: unknown) => ({ state: 'failed' as const, result: null, problem: problemOf(error) }),
      )
      .then((end) => this.#keep({ ...run, ...end, tookMs: Math.round(performance.now() - began) }))
    await within(ended, ANSWER_WITHIN_MS)
    return this.#runs.get(id)!
  }

  /** A run by its id. @throws EsaError `run.unknown` (terminal). */
  require(id: string): TargetRun {
    const run = this.#runs.get(id)
    if (run !== undefined) return run
    throw new EsaError('run.unknown', 'terminal', `there is no run "${id}"`, {
      hint: 'a server keeps its last 50 runs, and forgets them when it stops',
    })
  }

  /** Every run that is kept, the newest first. */
  list(): TargetRun[] {
    return [...this.#runs.values()].toReversed()
  }

  #keep(run: TargetRun): void {
    this.#runs.set(run.id, run)
    const oldest = [...this.#runs.values()].find(({ state }) => state !== 'running')
    if (this.#runs.size > KEPT && oldest !== undefined) this.#runs.delete(oldest.id)
  }
}

function problemOf(error: unknown): NonNullable<TargetRun['problem']> {
  if (isEsaError(error)) return { code: error.code, message: error.message, hint: error.hint ?? null }
  return { code: 'server.bug', message: 'Unexpected error.', hint: null }
}

function within(ended: Promise<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void ended.finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
