import { EsaError, type Json, type JsonObject } from '@esa/protocol'
import { type Clock, onOneSession, type Queryable } from '@esa/database-catalog/sql'
import { becomeApplier, endApplier } from './applier-lock.ts'
import type { Blocker } from './blockers.ts'
import { writeDrizzleRow } from '../plan/steps/drizzle-row.ts'
import { inverseOf } from './inverse/inverse.ts'
import { judgeAll, toApprove } from './judge-all.ts'
import type { Ledger, MigrationRecord, Verification } from './ledger/ledger.ts'
import { type Bench, LOCK_BUDGET, type LockBudget } from './lock-budget.ts'
import { type Filled, runBackfill } from './run-backfill.ts'
import { inStepTransaction, mark, runAlone, runStatement, type Running, stepError } from './run-step.ts'
import type { Authorise, Migration, MigrationStep } from '../plan/steps/step.ts'
import { requireNoOtherLedger } from './ledger/other-ledgers.ts'
import { verificationOf } from './ledger/verification.ts'
import { isWayBack } from './way-back.ts'

/** What happens while a migration is applied. */
export type ApplyEvent =
  | { type: 'step'; nth: number; steps: number; step: MigrationStep }
  | { type: 'retry'; step: MigrationStep; attempt: number; waitMs: number; blockers: Blocker[] }
  | { type: 'filled'; step: MigrationStep; filled: Filled }
  | { type: 'stepped'; step: MigrationStep; ms: number }

/** What an apply works with. */
export interface ApplyPorts {
  /** The target; a pool of at least two sessions, one works while the other watches. */
  target: Queryable
  ledger: Ledger
  /** Who applies, for the record. */
  by: string
  authorise: Authorise
  /** Refuses, before the first step, when any of these lacks its approval, and names all that do; uses none up. */
  requireApprovals: (steps: MigrationStep[]) => Promise<void>
  clock: Clock
  /** Numbers in [0, 1). */
  random: () => number
  budget?: Partial<LockBudget>
  /** What is known of the migration from a copy; undefined: nothing. */
  verified?: Verification | undefined
  /** Tools whose record of migrations on the target is a leftover: `prisma`, `flyway` ... */
  besideLedgers?: string[]
  onEvent?: (event: ApplyEvent) => void
  /** Aborted: the step at hand is finished, and no other begun. */
  stop?: AbortSignal
}

/** What was applied. */
export interface Applied {
  id: string
  /** `already`: there was nothing left to do. `partly`: phases wait to be named. */
  state: 'done' | 'already' | 'partly'
  steps: { id: string; about: string; ms: number }[]
  /** Phases that wait to be named. */
  waiting: string[]
  verification: Verification | null
}

/**
 * Applies a migration, or one phase of it, step by step: each at most as long in anybody's way as the budget says, each
 * written down with it, so that calling again after any end goes on where it stopped.
 * @throws EsaError `migration.*`, `database.*`; every one leaves the steps before it done and on record.
 */
export async function applyMigration(
  migration: Migration,
  ports: ApplyPorts,
  phase?: string,
): Promise<Applied> {
  return await onApplierSession(ports, async (bench) => {
    const { ledger } = ports
    const known = standing(await ledger.list(bench.session), migration)
    requireSame(migration, known)
    requireNoWayBack(known)
    const named = stepsOf(migration, known, phase)
    if (known?.state === 'done') return { ...nothing(migration.id), verification: known.verification }
    const chosen = await judgeAll(bench.session, named, known, ports.verified)
    await ports.requireApprovals(chosen.filter(({ id }) => !isDone(known, id)).map(toApprove))
    await ledger.open(bench.session)
    if (known?.state !== 'started' || known.hash !== migration.hash)
      await ledger.begin(bench.session, migration, ports.by)
    const done = await walk(bench, migration, chosen, known, ports)
    const waiting = phasesLeft(migration, named, known)
    if (waiting.length > 0)
      return { id: migration.id, state: 'partly', steps: done, waiting, verification: null }
    if (isDone(known, migration.steps.at(-1)?.id ?? ''))
      await recordForDrizzle(bench, migration, known, ledger)
    const now = (await ledger.list(bench.session)).find(({ id }) => id === migration.id)
    const verification = verificationOf(migration, now?.steps ?? [], ports.verified)
    await ledger.end(bench.session, migration.id, 'done', verification)
    return { id: migration.id, state: 'done', steps: done, waiting, verification }
  })
}

/** Of a file whose last step was done before: the steps that kept it from its end were taken out of it. */
async function recordForDrizzle(
  { session }: Bench,
  migration: Migration,
  known: MigrationRecord | undefined,
  ledger: Ledger,
): Promise<void> {
  const { drizzle, steps } = migration
  const last = steps.at(-1)
  const record = known?.steps.find(({ step }) => step === last?.id)
  if (drizzle === undefined || last === undefined || record === undefined) return
  await session.query('begin')
  try {
    await writeDrizzleRow(session, drizzle)
    const cursor = { ...(record.cursor as object | null), drizzle: { ...drizzle } }
    await ledger.mark(session, migration, last, { state: 'done', cursor, rollback: record.rollback })
    await session.query('commit')
  } catch (error) {
    await session.query('rollback').catch(() => undefined)
    throw error
  }
}

function nothing(id: string): Applied {
  return { id, state: 'already', steps: [], waiting: [], verification: null }
}

/** Runs `work` as the target's only applier, on a session of its own. @throws EsaError `database.read-only`, `migration.being-applied`. */
export async function onApplierSession<T>(ports: ApplyPorts, work: (bench: Bench) => Promise<T>): Promise<T> {
  const { target, clock, random, budget } = ports
  return await onOneSession(target, async (session) => {
    await requireWritable(session)
    await requireNoOtherLedger(session, ports.besideLedgers ?? [])
    const pid = await becomeApplier(session, target, clock)
    const { rows } = await session.query(`select current_setting('server_version_num')::int as version`)
    const bench: Bench = {
      session,
      pid,
      watch: target,
      serverVersion: Number(rows[0]?.['version']),
      budget: { ...LOCK_BUDGET, ...budget },
      clock,
      random,
      onRetry: () => {},
    }
    try {
      return await work(bench)
    } finally {
      await endApplier(session).catch(() => undefined)
      // A pool lends the session to the next migration, which goes by what it sets itself.
      await session.query('discard all').catch(() => undefined)
    }
  })
}

async function requireWritable(session: Queryable): Promise<void> {
  const { rows } = await session.query(
    `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as "readOnly"`,
  )
  const { standby, readOnly } = rows[0] as { standby: boolean; readOnly: boolean }
  if (!standby && !readOnly) return
  const what = standby ? 'the target is a standby' : 'the role’s transactions are read only here'
  throw new EsaError('database.read-only', 'terminal', `${what}: nothing can be applied to it`, {
    hint: standby
      ? 'give the URL of its primary'
      : 'see default_transaction_read_only of the role and the database',
  })
}

/** What is on record of a migration. What was undone begins again, whatever its steps were before. */
function standing(records: MigrationRecord[], { id }: Migration): MigrationRecord | undefined {
  return records.find((record) => record.id === id && record.state !== 'undone')
}

/** What was begun stays as it was written; what failed, or was never reached, may be mended. */
function requireSame(migration: Migration, known: MigrationRecord | undefined): void {
  if (known === undefined || known.hash === migration.hash) return
  const begun = known.steps.filter(({ state }) => state === 'done' || state === 'started')
  const changed = begun.find(({ step, hash }) => migration.steps.find(({ id }) => id === step)?.hash !== hash)
  if (changed === undefined && known.state === 'started') return
  const what = changed === undefined ? 'it' : `its ${changed.step}, which is ${changed.state},`
  throw new EsaError(
    'migration.changed',
    'terminal',
    `${migration.id} was applied before, and ${what} is not what it was`,
    {
      details: { id: migration.id, step: changed?.step ?? null },
      hint: 'put the file back as it was and write the change as a new migration, or: esa db migrate rollback',
    },
  )
}

/**
 * A way back that was left half-way is gone to its end: what it undid by a script of its own, or by several statements for
 * one step, is still on record as done. @throws EsaError `migration.being-undone` (terminal).
 */
function requireNoWayBack(known: MigrationRecord | undefined): void {
  if (known?.state !== 'started') return
  const begun = known.steps.find(({ step, state }) => state !== 'failed' && isWayBack(step, known.steps))
  if (begun === undefined) return
  throw new EsaError(
    'migration.being-undone',
    'terminal',
    `a rollback of ${known.id} is under way: its ${begun.step} is ${begun.state}`,
    {
      details: { id: known.id, step: begun.step },
      hint: 'finish it: esa db migrate rollback; then apply again',
    },
  )
}

function isDone(known: MigrationRecord | undefined, id: string): boolean {
  return known?.steps.some(({ step, state }) => step === id && state === 'done') === true
}

/** The steps to walk. @throws EsaError `migration.phase-unknown`, `migration.phase-early` (terminal). */
function stepsOf(
  migration: Migration,
  known: MigrationRecord | undefined,
  phase: string | undefined,
): MigrationStep[] {
  if (phase === undefined) return migration.steps.filter((step) => !migration.held.includes(step.phase ?? ''))
  const first = migration.steps.findIndex((step) => step.phase === phase)
  if (first < 0) {
    const phases = [...new Set(migration.steps.map((step) => step.phase).filter((name) => name !== null))]
    throw new EsaError('migration.phase-unknown', 'terminal', `${migration.id} has no phase ${phase}`, {
      hint: phases.length === 0 ? 'a file of SQL has none' : `it has: ${phases.join(', ')}`,
    })
  }
  const early = migration.steps.slice(0, first).find(({ id }) => !isDone(known, id))
  if (early !== undefined) {
    throw new EsaError(
      'migration.phase-early',
      'terminal',
      `${phase} comes after ${early.phase}, whose ${early.id} is not done`,
      {
        hint: `first: --phase ${early.phase}`,
      },
    )
  }
  return migration.steps.filter((step) => step.phase === phase)
}

function phasesLeft(
  migration: Migration,
  walked: MigrationStep[],
  known: MigrationRecord | undefined,
): string[] {
  const left = migration.steps.filter((step) => !walked.includes(step) && !isDone(known, step.id))
  return [...new Set(left.map((step) => step.phase ?? ''))]
}

async function walk(
  bench: Bench,
  migration: Migration,
  steps: MigrationStep[],
  known: MigrationRecord | undefined,
  ports: ApplyPorts,
): Promise<Applied['steps']> {
  const { onEvent = () => {}, authorise, clock, ledger } = ports
  const done: Applied['steps'] = []
  for (const [nth, step] of steps.entries()) {
    if (isDone(known, step.id)) {
      // What a file sets is part of the session: it is set again by the one that goes on.
      if (step.work.kind === 'session') await bench.session.query(step.work.sql)
      continue
    }
    shallStop(ports, migration)
    await authorise(toApprove(step))
    onEvent({ type: 'step', nth, steps: steps.length, step })
    const from = clock.now()
    const onRetry: Bench['onRetry'] = (attempt, waitMs, blockers) => {
      shallStop(ports, migration)
      onEvent({ type: 'retry', step, attempt, waitMs, blockers })
    }
    const before = known?.steps.find((record) => record.step === step.id)
    const running: Running = {
      bench: { ...bench, onRetry },
      ledger,
      migration,
      step,
      known: before,
      end: 'done',
      authorise,
      trusted: ports.verified?.state === 'verified',
      drizzle: step.id === migration.steps.at(-1)?.id ? migration.drizzle : undefined,
    }
    await runStep(running, ports).catch(async (thrown: unknown) => {
      const error = stepError(step, thrown)
      // A record that cannot be written is not worth hiding the error for.
      await recordFailure(running, error).catch(() => undefined)
      throw error
    })
    const ms = Math.round(clock.now() - from)
    onEvent({ type: 'stepped', step, ms })
    done.push({ id: step.id, about: step.about, ms })
  }
  return done
}

/** After a lost connection the end of the step is unknown: its record stays, and the next apply finds out. */
async function recordFailure(running: Running, error: EsaError): Promise<void> {
  const { step, known, ledger, bench, migration } = running
  if (error.code === 'migration.data-loss') {
    await ledger.end(bench.session, migration.id, 'started', { state: 'lost', why: error.message })
    return
  }
  const { kind } = step.work
  const { effects } = error.details
  if (error.code === 'database.unreachable') return
  // A walk that failed keeps its place, and its record as it is where nothing was measured.
  if (kind !== 'statement' && (kind !== 'backfill' || effects === undefined)) return
  const place = kind === 'backfill' ? await cursorOf(running) : null
  const measured = effects === undefined ? (known?.cursor ?? null) : { ...place, effects: effects as Json }
  await mark(running, 'failed', measured, null)
}

/** How far a walk is by its record, as it is now. */
async function cursorOf({ ledger, bench, migration, step }: Running): Promise<JsonObject | null> {
  const records = await ledger.list(bench.session)
  const record = records.find(({ id }) => id === migration.id)?.steps.find((one) => one.step === step.id)
  return (record?.cursor ?? null) as JsonObject | null
}

async function runStep(running: Running, ports: ApplyPorts): Promise<void> {
  const { step, migration } = running
  const { work } = step
  if (work.kind === 'session') {
    await running.bench.session.query(work.sql)
    return await mark(running, 'done', null, '')
  }
  if (work.kind === 'verify') return await runVerify(running, work.step)
  if (work.kind === 'backfill') {
    const onProgress = (filled: Filled): void => ports.onEvent?.({ type: 'filled', step, filled })
    return await runBackfill(running, work.step, onProgress, () => shallStop(ports, migration))
  }
  const { session } = running.bench
  const rollback =
    work.rollback ??
    (migration.down === null ? await inverseOf(session, work.sql, earlierThan(migration, step)) : null)
  if (!work.transaction) return await runAlone(running, work.sql, rollback)
  await runStatement(running, work.sql, rollback)
}

function earlierThan({ steps }: Migration, step: MigrationStep): string[] {
  return steps
    .slice(
      0,
      steps.findIndex(({ id }) => id === step.id),
    )
    .flatMap(({ work }) => (work.kind === 'statement' || work.kind === 'session' ? [work.sql] : []))
}

/** Counts rows on which the old and the new shape disagree. @throws EsaError `migration.data-loss` (terminal). */
async function runVerify(
  running: Running,
  { sql, relation, columns }: { sql: string; relation: string; columns: string[] },
): Promise<void> {
  const mismatches = await inStepTransaction(running, async () => {
    const { rows } = await running.bench.session.query(sql)
    return Number(rows[0]?.['mismatches'])
  })
  if (mismatches > 0) {
    throw new EsaError(
      'migration.data-loss',
      'terminal',
      `${mismatches} rows of ${relation} are not the same in the new shape`,
      {
        details: { mismatches: [{ relation, column: columns.join(', '), why: `${mismatches} rows differ` }] },
        hint: 'nothing that holds the old shape is taken away. Find out what wrote them, fill again, then go on',
      },
    )
  }
  await mark(running, 'done', null, '')
}

/** @throws EsaError `migration.interrupted` (terminal) when a caller wants it to stop here. */
function shallStop({ stop }: ApplyPorts, { id }: Migration): void {
  if (stop?.aborted !== true) return
  throw new EsaError('migration.interrupted', 'terminal', `${id} was stopped between two steps`, {
    hint: 'what is done is on record: the same command goes on from here',
  })
}
