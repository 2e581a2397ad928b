import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  connectPool,
  createDatabase,
  ensureEmbeddedServer,
  stopEmbeddedServer,
  withDatabase,
} from '@esa/pg-server'
import type { Pool } from 'pg'
import { expect } from 'vitest'
import { sqlState, type Queryable } from '@esa/database-catalog/sql'
import { groundAt } from '@esa/database-sandbox/testing'
import type { RehearsalGround } from '@esa/database-sandbox'
import type { Catalog } from '../src/plan/model/catalog.ts'
import { compareCatalogs, tellDifferences } from '../src/plan/model/differences.ts'
import type { Hints } from '../src/plan/model/hints.ts'
import type { MigrationPlan, Phase } from '../src/plan/model/plan.ts'
import { planChanges } from '../src/plan/plan-changes.ts'
import { readCatalog } from '../src/plan/model/read-catalog.ts'
import { runBatch, type WalkPlace } from '../src/plan/run-batch.ts'
import { unwalkPhase, walkStep } from '../src/plan/walk-plan.ts'

/** One write of a writer: its statement, and what the row must hold at the end, by its id; null: it must be gone. */
export interface Write {
  sql: string
  holds: [id: number, content: unknown][]
}

/** A change under writers. `content` reads id and content of each row as the new schema has them. */
export interface LiveChange {
  from: string
  to: string
  hints?: Hints
  /** Fills the old schema; every row's content as `holds` of a write. */
  seed: Write
  /** Writes of code that knows the old or the new schema only, for an id that no other writer touches. */
  old: (id: number) => Write[]
  fresh: (id: number) => Write[]
  content: string
  /** What the way back leaves as it is: differences that are meant. */
  stays?: RegExp
}

/** A server of its own for one file of tests. */
export class LiveServer {
  #home = ''
  #url = ''
  #databases = 0

  async start(): Promise<void> {
    this.#home = await mkdtemp(join(tmpdir(), 'esa-change-'))
    this.#url = (await ensureEmbeddedServer({ home: this.#home })).adminUrl
  }

  async stop(): Promise<void> {
    await stopEmbeddedServer({ home: this.#home, mode: 'immediate' })
    await rm(this.#home, { recursive: true, force: true })
  }

  /** A database with a schema, and a pool on it. */
  async database(sql: string, max = 6): Promise<Pool> {
    const name = `change_${(this.#databases += 1)}`
    await createDatabase(this.#url, name)
    const pool = await connectPool(withDatabase(this.#url, name), { max })
    if (sql !== '') await pool.query(sql)
    return pool
  }

  /** The server as a ground for rehearsals. */
  ground(): RehearsalGround {
    return groundAt(this.#url)
  }

  /** The plan of a change, and the target catalog. */
  async plan(from: string, to: string, hints: Hints = {}): Promise<{ plan: MigrationPlan; wanted: Catalog }> {
    const [source, goal] = [await this.database(from, 1), await this.database(to, 1)]
    try {
      const wanted = await catalogOf(goal)
      return { plan: await planChanges(source, goal, hints), wanted }
    } finally {
      await source.end()
      await goal.end()
    }
  }
}

/** Rows that every live table is seeded with. */
export const SEEDED = 800

/** The rows 1 to SEEDED by one statement, whose SELECT calls the row's number `n`. */
export function seeded(select: string, content: (id: number) => unknown): Write {
  const ids = Array.from({ length: SEEDED }, (_, n) => n + 1)
  return { sql: `${select} from generate_series(1, ${SEEDED}) n`, holds: ids.map((id) => [id, content(id)]) }
}

/** The seeded row of a writer's id. */
export function seededOf(id: number): number {
  return (id % SEEDED) + 1
}

const WRITERS = 2
/** Shorter than the time after which the server looks for deadlocks, so that never a writer is the victim. */
const LOCK_MS = 300

/**
 * Plans a change and walks it on a full table while writers write; each phase is also undone and walked again. Expects that
 * no write fails, that every lock is the declared one, and that the end is the new schema with every row's content.
 */
export async function walkLive(server: LiveServer, change: LiveChange): Promise<MigrationPlan> {
  const { plan, wanted } = await server.plan(change.from, change.to, change.hints)
  expect(plan.unplanned).toEqual([])
  const live = await server.database(change.from)
  const session = await live.connect()
  const truth = new Map<number, string>()
  const failures: string[] = []
  await session.query(change.seed.sql)
  keep(truth, change.seed)
  const code = {
    old: new Writers(live, change.old, truth, failures, 0),
    fresh: new Writers(live, change.fresh, truth, failures, 1),
  }
  const has = (wanted: string): boolean => plan.phases.some(({ name }) => name === wanted)
  try {
    code.old.start()
    for (const phase of plan.phases) {
      if (phase.name === 'contract') {
        if (!has('switch')) code.fresh.start()
        await code.fresh.wrote()
        await code.old.stop()
        await code.fresh.stop()
        await agreeStill(session, plan)
        code.fresh.start()
      }
      const before = await readCatalog(session)
      await walkPhase(session, phase)
      // The switch is where code of after begins; the way back is walked with what it wrote.
      if (phase.name === 'switch') await code.fresh.during(() => code.fresh.wrote())
      if (!phase.destructive) {
        for (const step of phase.steps.toReversed()) {
          const undo = () => unwalkPhase(session, { steps: [step] })
          await (step.kind === 'statement' && !step.transaction ? undo() : patiently(session, undo))
        }
        const left = tellDifferences(compareCatalogs(await readCatalog(session), before))
        expect(left.filter((line) => change.stays?.test(line) !== true)).toEqual([])
        await walkPhase(session, phase)
      }
      if (phase.name === 'switch') code.fresh.start()
    }
    if (!has('switch') && !has('contract')) code.fresh.start()
    await code.old.stop()
    await code.fresh.wrote()
    await code.fresh.stop()
    expect(failures).toEqual([])
    expect(tellDifferences(compareCatalogs(await readCatalog(session), wanted))).toEqual([])
    const { rows } = await session.query(change.content)
    const found = rows.map((row): [number, string] => [Number(row['id']), JSON.stringify(row['content'])])
    expect(found.toSorted(byId)).toEqual([...truth].toSorted(byId))
  } finally {
    await code.old.stop()
    await code.fresh.stop()
    session.release()
    await live.end()
  }
  return plan
}

/** Both shapes still agree after both kinds of code have written, where the switch has not changed their names. */
async function agreeStill(session: Queryable, { phases }: MigrationPlan): Promise<void> {
  for (const step of phases.flatMap(({ steps }) => steps)) {
    if (step.kind !== 'verify') continue
    const { rows } = await session.query(step.sql).catch((error: unknown) => {
      if (sqlState(error) === UNDEFINED_COLUMN || sqlState(error) === UNDEFINED_TABLE) return { rows: [] }
      throw error
    })
    expect([step.id, rows[0]?.['mismatches'] ?? 0]).toEqual([step.id, 0])
  }
}

const UNDEFINED_COLUMN = '42703'
const UNDEFINED_TABLE = '42P01'

const byId = ([a]: [number, string], [b]: [number, string]): number => a - b

function keep(truth: Map<number, string>, { holds }: Write): void {
  for (const [id, content] of holds)
    if (content === null) truth.delete(id)
    else truth.set(id, JSON.stringify(content))
}

async function catalogOf(pool: Pool): Promise<Catalog> {
  const session = await pool.connect()
  try {
    return await readCatalog(session)
  } finally {
    session.release()
  }
}

async function walkPhase(session: Queryable, { steps }: Phase): Promise<void> {
  for (const step of steps) {
    if (step.kind === 'backfill') {
      let place: WalkPlace = null
      do {
        const { place: next } = await patiently(session, () =>
          runBatch(session, { ...step, batchRows: 200 }, place),
        )
        place = next
      } while (place !== null)
    } else if (step.kind === 'verify') {
      const { rows } = await session.query(step.sql)
      expect([step.id, rows[0]?.['mismatches']]).toEqual([step.id, 0])
    } else {
      const locks = step.transaction
        ? await patiently(session, () => walkStep(session, step))
        : await walkStep(session, step)
      expect([step.id, locks]).toEqual([step.id, step.locks])
    }
  }
}

/** As it is applied: what meets a lock gives up before a writer would, and is tried again. */
async function patiently<T>(session: Queryable, work: () => Promise<T>): Promise<T> {
  for (;;) {
    await session.query(`set lock_timeout = ${LOCK_MS}`)
    try {
      return await work()
    } catch (error) {
      if (sqlState(error) !== '55P03') throw error
    } finally {
      await session.query('reset lock_timeout')
    }
  }
}

/** Writers that write without pause, each in ids of its own; the first failure of each is kept. */
class Writers {
  readonly #pool: Pool
  readonly #writes: LiveChange['old']
  readonly #truth: Map<number, string>
  readonly #failures: string[]
  readonly #generation: number
  #stopped = true
  #running: Promise<void>[] = []
  #rounds = 0
  #next = 0
  #waiting: (() => void)[] = []

  constructor(
    pool: Pool,
    writes: LiveChange['old'],
    truth: Map<number, string>,
    failures: string[],
    generation: number,
  ) {
    this.#pool = pool
    this.#writes = writes
    this.#truth = truth
    this.#failures = failures
    this.#generation = generation
  }

  start(): void {
    this.#stopped = false
    this.#running = Array.from({ length: WRITERS }, (_, writer) => this.#run(writer))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
    this.#running = []
  }

  async during(work: () => Promise<void>): Promise<void> {
    this.start()
    await work()
    await this.stop()
  }

  /** Resolves when some more rounds of writes are done, or a writer failed. */
  async wrote(): Promise<void> {
    if (this.#failures.length > 0) return
    const until = this.#rounds + ROUNDS
    while (this.#rounds < until && this.#failures.length === 0)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async #run(writer: number): Promise<void> {
    while (!this.#stopped && this.#failures.length === 0) {
      const id = 1_000_000 * (this.#generation + 1) + 10 * (this.#next += 1) + writer
      for (const write of this.#writes(id)) {
        try {
          await this.#pool.query(write.sql)
          keep(this.#truth, write)
        } catch (error) {
          this.#failures.push(`${write.sql}: ${(error as Error).message}`)
        }
      }
      this.#rounds += 1
      for (const wake of this.#waiting.splice(0)) wake()
    }
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** Rounds after which a phase has seen its writers. */
const ROUNDS = 5
