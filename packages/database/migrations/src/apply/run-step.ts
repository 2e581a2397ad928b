import { EsaError, isEsaError, type Json } from '@esa/protocol'
import {
  postgresError,
  sqlState,
  type Hearing,
  type Queryable,
  onOwnPath,
  parseScript,
} from '@esa/database-catalog/sql'
import { requireApplier } from './applier-lock.ts'
import { lookBeside, takeBackBeside } from '../verify/beside-transaction.ts'
import { type Came, Exceeded, type Expected, measured } from '../verify/closer-look.ts'
import { type DrizzleRow, removeDrizzleRow, writeDrizzleRow } from '../plan/steps/drizzle-row.ts'
import { type Effect, effectText, type Measured, plainEffect } from '../plan/steps/effects.ts'
import { requireThawed } from './freeze.ts'
import { toApprove } from './judge-all.ts'
import { nothingMade, opaqueWithin } from './opaque/opaque.ts'
import type { Ledger, StepRecord } from './ledger/ledger.ts'
import { type Bench, withinBudget } from './lock-budget.ts'
import type { Authorise, Migration, MigrationStep } from '../plan/steps/step.ts'
import { clearBefore } from './unattended.ts'
import type { ValueCheck } from './ledger/verification.ts'

/** A step on its way: where it is written down, and what is known of it from before. */
export interface Running {
  bench: Bench
  ledger: Ledger
  migration: Migration
  step: MigrationStep
  known: StepRecord | undefined
  /** What it is when it went through. */
  end: 'done' | 'undone'
  authorise: Authorise
  /** What it announces was compared elsewhere, on a copy, or it is a way back. */
  trusted: boolean
  /** Of Drizzle's: written with the step, or taken back with it. */
  drizzle?: DrizzleRow | undefined
}

/** What a statement leaves of the file's own settings: the budget is the apply's. */
async function limits({ session, budget }: Bench, lockMs = budget.lockMs): Promise<void> {
  await session.query(
    `select set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true)`,
    [`${lockMs}ms`],
  )
}

/** Runs `work` in one transaction with the checks that every step begins with. */
export async function inStepTransaction<T>(running: Running, work: () => Promise<T>): Promise<T> {
  const { bench, step } = running
  return await withinBudget(bench, step.about, async () => {
    const { session } = bench
    await session.query('begin')
    try {
      await limits(bench)
      await requireApplier(session)
      await requireThawed(session)
      const result = await work()
      await session.query('commit')
      return result
    } catch (error) {
      // A failed rollback means a lost session, whose transaction is gone with it.
      await session.query('rollback').catch(() => undefined)
      throw error
    }
  })
}

/**
 * Runs a statement in a transaction that also holds its record. What it takes from anything that was there is measured
 * within: beyond what was approved it takes an approval, and else is rolled back.
 */
export async function runStatement(running: Running, sql: string, rollback: string | null): Promise<void> {
  const { step, trusted } = running
  if (await isThere(running)) return await mark(running, running.end, withRow(running, UNKNOWN), rollback)
  const atItsWord = step.risk === 'destructive'
  const expected: Expected = { compared: [], approved: step.effects ?? [], atItsWord, trusted }
  let came: Done | Exceeded
  do {
    came = await tryStatement(running, { sql, rollback, expected })
    if (!(came instanceof Exceeded)) continue
    if (came.unkept.length > 0) expected.compared.push(...came.unkept)
    else expected.approved = await approveEffects(running, came.effects)
  } while (came instanceof Exceeded)
  // A crash before this record leaves the step done, and its values as what is not known.
  await mark(running, running.end, withRow(running, checkOf(step, came)), rollback)
}

/** What is known of a step that is done, with the row of Drizzle's that a rollback takes back. */
function withRow({ drizzle, end }: Running, check: ValueCheck): Json {
  const row = end === 'done' && drizzle !== undefined ? { drizzle: { ...drizzle } } : {}
  return { ...check, ...row }
}

/** What a try came to, and what it was seen to call once it had run. */
type Done = Came & { opaque: string[] }

interface Trying {
  sql: string
  rollback: string | null
  expected: Expected
}

async function tryStatement(running: Running, trying: Trying): Promise<Done | Exceeded> {
  const { bench, ledger } = running
  const { sql, rollback, expected } = trying
  const beside = await lookBeside(bench.session)
  const trial = inStepTransaction(running, async () => {
    const { session } = bench
    if (!ledger.inTransaction) await mark(running, 'started', await placeOf(running), rollback)
    const came = await measured(session, sql, expected, async () => void (await session.query(sql)))
    const opaque = running.step.unresolved === true ? await opaqueAfter(bench, sql) : []
    if (running.drizzle !== undefined)
      await (running.end === 'done' ? writeDrizzleRow : removeDrizzleRow)(session, running.drizzle)
    if (ledger.inTransaction) await mark(running, running.end, withRow(running, UNKNOWN), rollback)
    return { ...came, opaque }
  })
  return await trial.catch(async (error: unknown) => {
    // A lost session does not answer; the error is worth more than that.
    const taken = takeBackBeside(bench.session, beside)
    if (error instanceof Exceeded) await taken
    else await taken.catch(() => undefined)
    if (error instanceof Exceeded) return error
    throw error
  })
}

/** What a step calls, judged when it has run and what it makes is there. What still is not resolved is opaque. */
async function opaqueAfter({ session, serverVersion }: Bench, sql: string): Promise<string[]> {
  const prepared: string[] = []
  const major = Math.floor(serverVersion / 10_000)
  const { on, removeListener } = session as Queryable & Partial<Hearing>
  const within = {
    query: session.query.bind(session),
    ...(on && removeListener && { on: on.bind(session), removeListener: removeListener.bind(session) }),
    prepared,
    major,
  }
  const statements = await parseScript(sql)
  const { reasons, unresolved } = await onOwnPath(session, (path) =>
    opaqueWithin({ ...within, path }, statements, nothingMade()),
  )
  for (const name of prepared) await session.query(`deallocate ${name}`)
  return unresolved ? [...reasons, 'what the server could not resolve'] : reasons
}

/** What a step took keeps it from being called verified; so does what it calls. */
function checkOf({ opaque: before = [] }: MigrationStep, { took, same, opaque: after }: Done): ValueCheck {
  const opaque = [...new Set([...before, ...after])]
  if (took.length > 0) return { state: 'unknown', why: `approved: ${took.map(effectText).join('; ')}` }
  if (opaque.length > 0)
    return {
      state: 'counted',
      why: `it calls ${opaque.join(', ')}; rows were counted in its transaction, those of foreign tables and other databases were not`,
    }
  if (same.length === 0) return { state: 'untouched', why: 'it changes no value that was there' }
  return { state: 'equal', why: `the rows of ${same.join(', ')} are the same before and after` }
}

/** Uses up the approval of what was measured. @throws EsaError `approval.*` (terminal) with `details.effects`. */
export async function approveEffects({ authorise, step }: Running, found: Measured[]): Promise<Effect[]> {
  const effects = found.map(plainEffect)
  await authorise(toApprove({ ...step, effects })).catch((error: unknown) => {
    if (!isEsaError(error)) throw error
    const { code, kind, message, hint, details, cause } = error
    const lines = effects.map(effectText)
    throw new EsaError(code, kind, `${message}; measured, and rolled back: ${lines.join('; ')}`, {
      ...(hint === undefined ? {} : { hint }),
      details: { ...details, effects, measured: lines },
      cause,
    })
  })
  return effects
}

/** The record of a step whose values were not compared. */
const UNKNOWN: ValueCheck = { state: 'unknown', why: 'the apply ended before its values were compared' }

/** The transaction that a record beside the target must ask after, and whether it goes back. */
type Place = string | { undoes: string }

async function placeOf({ bench, end }: Running): Promise<Place> {
  const { rows } = await bench.session.query('select txid_current()::text as id')
  const id = String(rows[0]?.['id'])
  return end === 'undone' ? { undoes: id } : id
}

/**
 * Whether the step reached its goal. A record beside the target may miss the end of its transaction, which an
 * apply or a rollback began: PostgreSQL itself remembers how that ended.
 */
async function isThere({ bench, ledger, known, step, end }: Running): Promise<boolean> {
  if (ledger.inTransaction || known?.state !== 'started') return false
  const place = known.cursor as Place | { undoes?: undefined } | null
  const id = typeof place === 'string' ? place : place?.undoes
  // What runs alone and what fills in batches has no transaction to ask after.
  if (id === undefined) return false
  const same = (typeof place !== 'string') === (end === 'undone')
  const { rows } = await bench.session.query('select txid_status($1::bigint) as status', [id])
  const status = rows[0]?.['status']
  if (status === 'committed') return same
  if (status === 'aborted') return !same
  throw new EsaError(
    'migration.outcome-unknown',
    'terminal',
    `whether ${step.about} was done before is not known any more`,
    {
      hint: 'look whether it is there; then set its state to "done" or "failed" in the ledger file',
    },
  )
}

/** Runs a statement that no transaction may hold, with a record before and after it; what a broken try left is cleared. */
export async function runAlone(running: Running, sql: string, rollback: string | null): Promise<void> {
  const { bench, known } = running
  const { session, budget } = bench
  let begun = known !== undefined && known.state !== 'undone'
  await requireApplier(session)
  await requireThawed(session)
  await mark(running, 'started', null, rollback)
  await session.query(
    `select set_config('lock_timeout', $1, false), set_config('statement_timeout', '0', false)`,
    [`${budget.concurrentMs}ms`],
  )
  // It keeps no write waiting, so that no waiter is a reason to end it.
  const patient = { ...bench, budget: { ...budget, blockMs: Number.POSITIVE_INFINITY } }
  try {
    await withinBudget(patient, running.step.about, async () => {
      if ((await clearBefore(session, sql, begun)) === 'done') return
      begun = true
      await session.query(sql)
    })
  } catch (error) {
    // What is left costs every write and has no use; the error is worth more than a failure to clear it.
    await clearBefore(session, sql, true).catch(() => undefined)
    throw error
  } finally {
    await session.query('reset lock_timeout; reset statement_timeout').catch(() => undefined)
  }
  await mark(running, running.end, null, rollback)
}

/** Writes down how far the step is. */
export async function mark(
  running: Running,
  state: StepRecord['state'],
  cursor: Json,
  rollback: string | null,
): Promise<void> {
  const { bench, ledger, migration, step } = running
  await ledger.mark(bench.session, migration, step, { state, cursor, rollback })
}

/** What to do after a step that failed, by what is known of its end. */
function hintOf({ code, hint }: EsaError, thrown: unknown): string {
  if (sqlState(thrown) === '25001') return 'it cannot run in a transaction; apply it by hand'
  if (code === 'database.unreachable')
    return 'how this step ended is found out by the next apply: give the same command again'
  return hint ?? 'nothing of this step was done; what came before it is. Mend it and apply again'
}

/** An error of a step, with the step in its words. What only this statement is to blame for is the migration's own fault. */
export function stepError(step: MigrationStep, thrown: unknown): EsaError {
  const error = postgresError(thrown)
  if (!error.code.startsWith('database.')) return error
  const own = ['database.failed', 'database.schema'].includes(error.code)
  const code = own ? 'migration.step-failed' : error.code
  return new EsaError(code, error.kind, `${step.about}: ${error.message}`, {
    cause: error.cause,
    details: { ...error.details, step: step.id },
    hint: hintOf(error, thrown),
  })
}
