import { digestText, EsaError } from '@esa/protocol'
import { parseScript } from '@esa/database-catalog/sql'
import { type Applied, type ApplyPorts, onApplierSession } from './apply-migration.ts'
import { type DrizzleRow, removeDrizzleRow } from '../plan/steps/drizzle-row.ts'
import { riskNow } from './harmless.ts'
import type { MigrationRecord, StepRecord } from './ledger/ledger.ts'
import type { Bench } from './lock-budget.ts'
import { mark, runAlone, runStatement, type Running, stepError } from './run-step.ts'
import { runsAlone } from '../plan/steps/script-steps.ts'
import { type Migration, type MigrationStep, oneLine } from '../plan/steps/step.ts'
import { DOWN, partOf } from './way-back.ts'

/** What was undone, the newest first. */
export type RolledBack = Pick<Applied, 'id' | 'steps'>[]

/**
 * Undoes the last migration on record, or all after the one named, step by step in reverse, within the same budget and
 * as resumable as they were applied. Nothing is begun when a step of them cannot be undone.
 * @throws EsaError `migration.nothing-applied`, `migration.unknown`, `migration.not-reversible` (terminal), and what applying throws.
 */
export async function rollBackMigrations(ports: ApplyPorts, to?: string): Promise<RolledBack> {
  return await onApplierSession(ports, async (bench) => {
    const records = await ports.ledger.list(bench.session)
    const undoing = chosen(records, to)
    const ways = await Promise.all(undoing.map(async (record) => ({ record, steps: await wayBack(record) })))
    // Requested all at once: half a way back, with the rest not allowed, would be the worst state.
    for (const { steps } of ways) for (const back of steps) await allowed(bench, back, ports)
    const done: RolledBack = []
    for (const { record, steps } of ways)
      done.push({ id: record.id, steps: await undo(bench, record, steps, ports) })
    return done
  })
}

function chosen(records: MigrationRecord[], to: string | undefined): MigrationRecord[] {
  const standing = records.filter(({ state }) => state !== 'undone')
  if (to !== undefined) {
    const place = standing.findIndex(({ id }) => id === to)
    if (place >= 0) return standing.slice(place + 1).toReversed()
    throw new EsaError('migration.unknown', 'terminal', `no migration ${to} is on record as applied`, {
      hint: standing.length === 0 ? 'nothing is' : `on record: ${standing.map(({ id }) => id).join(', ')}`,
    })
  }
  const last = standing.at(-1)
  if (last !== undefined) return [last]
  throw new EsaError('migration.nothing-applied', 'terminal', 'no migration is on record as applied')
}

interface BackStep {
  step: MigrationStep
  sql: string
  alone: boolean
  known: StepRecord | undefined
}

/** The steps back that are not done yet. A migration with a script of its own for it goes by that alone. */
async function wayBack(record: MigrationRecord): Promise<BackStep[]> {
  const { steps, down } = record
  const ways = down === null ? await waysOfSteps(record) : await backSteps(DOWN, down, undefined)
  return ways.filter(({ step }) => !steps.some((one) => one.step === step.id && one.state === 'undone'))
}

async function waysOfSteps({ id, steps }: MigrationRecord): Promise<BackStep[]> {
  const begun = steps.filter(({ state }) => state === 'done' || state === 'started')
  const stuck = begun.filter(({ rollback }) => rollback === null)
  if (stuck.length > 0) {
    const which = stuck.map(({ step }) => step).join(', ')
    const message = `${id} cannot be undone: nothing brings back what ${which} did`
    throw new EsaError('migration.not-reversible', 'terminal', message, {
      details: { id, steps: stuck.map(({ step }) => step) },
      hint: 'write a migration that goes forward, or what undoes it as NAME.down.sql before it is applied; nothing was changed',
    })
  }
  const ways = begun.toReversed().map((known) => backSteps(known.step, known.rollback ?? '', known))
  return (await Promise.all(ways)).flat()
}

/** One step where a transaction can hold it; else one for each statement, the last one undoes the step's record. */
async function backSteps(id: string, sql: string, known: StepRecord | undefined): Promise<BackStep[]> {
  const statements = await parseScript(sql)
  if (!statements.some(({ node }) => runsAlone(node))) return [backStep(id, sql, false, known)]
  return statements.map(({ text, node }, nth) => {
    const last = known !== undefined && nth === statements.length - 1
    return backStep(last ? id : partOf(id, nth + 1), text, runsAlone(node), last ? known : undefined)
  })
}

function backStep(id: string, sql: string, alone: boolean, known: StepRecord | undefined): BackStep {
  const about = sql === '' ? `${id}: nothing to undo` : `undo ${id}: ${oneLine(sql)}`
  // The record keeps the hash of what was applied, so that applying it again is recognized.
  const hash = known?.hash ?? digestText(sql)
  const work = { kind: 'statement', sql, transaction: !alone, rollback: known?.rollback ?? null } as const
  return { step: { id, hash, text: sql, about, phase: null, risk: 'major', work }, sql, alone, known }
}

async function undo(
  bench: Bench,
  record: MigrationRecord,
  steps: BackStep[],
  ports: ApplyPorts,
): Promise<Applied['steps']> {
  const { onEvent = () => {}, clock, ledger, stop } = ports
  const migration: Migration = { id: record.id, hash: record.hash, steps: [], held: [], down: record.down }
  // Until its last step is undone it is applied in part, for every reader.
  await ledger.end(bench.session, record.id, 'started', record.verification)
  const drizzle = drizzleRowOf(record.steps)
  const done: Applied['steps'] = []
  for (const [nth, back] of steps.entries()) {
    if (stop?.aborted === true)
      throw new EsaError('migration.interrupted', 'terminal', 'the rollback was stopped between two steps', {
        hint: 'the same command goes on from here',
      })
    const { step } = back
    onEvent({ type: 'step', nth, steps: steps.length, step })
    const from = clock.now()
    const before = back.known ?? record.steps.find((one) => one.step === step.id)
    const running: Running = {
      bench,
      ledger,
      migration,
      step,
      known: before,
      end: 'undone',
      authorise: ports.authorise,
      trusted: true,
      ...(nth === steps.length - 1 ? { drizzle } : {}),
    }
    await run(running, back).catch(async (thrown: unknown) => {
      const error = stepError(step, thrown)
      await recordFailure(running, back, error).catch(() => undefined)
      throw error
    })
    const ms = Math.round(clock.now() - from)
    onEvent({ type: 'stepped', step, ms })
    done.push({ id: step.id, about: step.about, ms })
  }
  // A way back that ends outside of transactions, or that broke off behind its last step, has not taken it back yet.
  if (drizzle !== undefined) await removeDrizzleRow(bench.session, drizzle)
  await ledger.end(bench.session, record.id, 'undone', record.verification)
  return done
}

/** The risk on the target as it is: what is empty can go without harm. */
async function allowed(bench: Bench, { step, sql }: BackStep, { authorise }: ApplyPorts): Promise<void> {
  const risk = await riskNow(bench.session, await parseScript(sql))
  await authorise({ ...step, risk, hash: digestText(sql) })
}

/** Beside the target a way back is on record before its transaction is over: one that failed was never begun. */
async function recordFailure(running: Running, { alone, known }: BackStep, error: EsaError): Promise<void> {
  if (running.ledger.inTransaction || alone || known !== undefined) return
  if (error.code !== 'database.unreachable') await mark(running, 'failed', null, null)
}

async function run(running: Running, { sql, alone, known }: BackStep): Promise<void> {
  const rollback = known?.rollback ?? null
  if (alone) return await runAlone(running, sql, rollback)
  await runStatement(running, sql, rollback)
}

/** The row that the last step of a migration has written, as the ledger keeps it. */
function drizzleRowOf(steps: StepRecord[]): DrizzleRow | undefined {
  const rows = steps.map(({ cursor }) => (cursor as { drizzle?: DrizzleRow } | null)?.drizzle)
  return rows.find((row) => row !== undefined)
}
