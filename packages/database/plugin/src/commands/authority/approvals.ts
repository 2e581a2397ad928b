import type { Approval } from '@esa/escalation'
import {
  type ApprovalDocument,
  askApproval,
  judgeApproval as judge,
  listApprovals as list,
  requireApproval,
} from '@esa/operations'
import { isLoopback } from '@esa/pg-server'
import { onOneSession, systemClock } from '@esa/database-catalog/sql'
import { fileLedger, stepsToApprove, targetLedger } from '@esa/database-migrations/apply'
import { type MigrationStep, scriptMigration, type MigrationPlan } from '@esa/database-migrations/plan'
import { canonicalJson, EsaError, type JsonObject, statementHash } from '@esa/protocol'
import { answer, colours, columns, note, readText } from '@esa/cli/plugin-kit'
import type { Config } from '../../config.ts'
import type { CopyFlag } from '../../targets/copy-consent.ts'
import { readMigrations } from '../../files/migration-files.ts'
import { onTarget } from '../../targets/on-target.ts'
import { inWorld, lookInStore } from '../../runtime.ts'
import { resolveTarget } from '../../targets/targets.ts'
import { findVerified } from '../../sandbox/verified-copies.ts'
import { takesApproval } from '../migrate/apply.ts'

/** Options of `esa db approvals ask`. */
export interface AskFlags {
  target: string
  because: string
  file?: string
  migration?: string
  ledger?: string
  statement?: string
  evidence?: string
  copyRows?: CopyFlag
}

/** Longest part of a statement that a list shows. */
const SHOWN_MAX = 80

/** Asks for the approval of every statement that takes one. @throws EsaError `usage.approval`, `sql.*`, `auth.*` (terminal). */
export async function askForApproval(
  config: Config,
  environment: NodeJS.ProcessEnv,
  flags: AskFlags,
): Promise<void> {
  const { target, because, file, migration, statement } = flags
  if ([file, migration, statement].filter((one) => one !== undefined).length !== 1) {
    throw new EsaError('usage.approval', 'terminal', 'give one of --migration, --file and --statement', {
      hint: 'esa db approvals ask --target shop --statement "drop table old_orders" --because "unused since May"',
    })
  }
  const given = flags.evidence === undefined ? {} : parseEvidence(await readText(flags.evidence))
  const steps =
    migration !== undefined
      ? await ofMigration(config, environment, migration, flags)
      : file === undefined
        ? await ofStatement(statement!)
        : await ofFile(file)
  const asked = steps.filter(({ asks }) => asks)
  const measured = await evidenceFor(config, environment, flags, steps, given)
  await inWorld(config, async (world) => {
    const by = await world.caller.actAs('layer-1', 'incidents:write', 'operator')
    const approvals: Approval[] = []
    for (const step of asked) {
      const { statement: text, kind } = step
      // What the requester measured counts before what was measured here.
      const evidence = { ...measured.get(step), ...given }
      approvals.push(await askApproval(world, { target, statement: text, kind }, { by, because, evidence }))
    }
    answer(config, { approvals }, () =>
      approvals.length === 0 ? 'nothing in it takes an approval' : table(approvals),
    )
  })
}

/** A step of what is requested. `asks` false: it takes no approval, and only comes before others. */
interface Asked {
  statement: string
  kind: MigrationStep['risk']
  /** What runs, where that is SQL, and what was written to undo it. */
  sql: string | null
  rollback: string | null
  asks: boolean
}

/** What every card shows and the requester's evidence does not say is found out on a copy. */
const FOUND_HERE = ['locks', 'calls', 'rollback'] as const

async function evidenceFor(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target, copyRows }: AskFlags,
  steps: readonly Asked[],
  given: JsonObject,
): Promise<Map<Asked, JsonObject>> {
  const measurable = steps.filter((step): step is Asked & { sql: string } => step.sql !== null)
  const said = copyRows === undefined && FOUND_HERE.every((key) => given[key] !== undefined)
  if (said || !measurable.some(({ asks }) => asks)) return new Map()
  const { evidenceOf } = await import('./approval-evidence.ts')
  const place = { config, environment, target, ...(copyRows === undefined ? {} : { copyRows }) }
  const found = await evidenceOf(
    place,
    measurable.map((step) => ({ ...step, destructive: step.kind === 'destructive' })),
  )
  return new Map(measurable.map((step, n) => [step, found[n]!]))
}

async function ofStatement(sql: string): Promise<Asked[]> {
  const { steps } = await scriptMigration('statement', sql)
  return steps.map((step) => askedOf(step, null))
}

/** What the apply of a file, a plan or a folder would lack an approval for on its target, with what was measured there. */
async function ofMigration(
  config: Config,
  environment: NodeJS.ProcessEnv,
  path: string,
  { target, ledger }: AskFlags,
): Promise<Asked[]> {
  const { url } = await resolveTarget(config, target, environment)
  const record = ledger === undefined ? targetLedger : fileLedger(ledger, () => Math.round(systemClock.now()))
  return await onTarget(config, environment, target, async ({ queryable }) => {
    const asked: Asked[] = []
    for (const migration of await readMigrations(path, queryable)) {
      const verified = await findVerified(config, url, migration.hash, Math.round(systemClock.now()))
      const steps = await onOneSession(queryable, (session) =>
        stepsToApprove(session, record, migration, verified),
      )
      if (verified?.effects === undefined && !config.json && steps.some(({ risk }) => risk === 'destructive'))
        note(
          `${migration.id} was not measured on a copy: what its statements say is approved, however many rows it takes. To name these: esa db migrate verify ${path} --target ${target}`,
        )
      for (const step of steps) {
        const { text: statement, risk: kind } = step
        const asks = kind !== 'additive' && takesApproval(step, isLoopback(url))
        asked.push({ statement, kind, asks, ...runOf(step, migration.down) })
      }
    }
    return asked
  })
}

/** What a file or a plan asks for, by the text that its steps are known by when they are applied. */
async function ofFile(file: string): Promise<Asked[]> {
  const steps = (await readMigrations(file)).flatMap(({ steps: own, down }) =>
    own.map((step) => ({ step, down })),
  )
  if (!file.endsWith('.json')) return steps.map(({ step, down }) => askedOf(step, down))
  // A step of a plan is more than its SQL: all of it is approved, or nothing.
  const { phases } = JSON.parse(await readText(file)) as MigrationPlan
  const planned = phases.flatMap((phase) => phase.steps)
  return steps.map(({ step, down }, nth) => ({
    statement: canonicalJson(planned[nth]),
    kind: step.risk,
    asks: step.risk !== 'additive',
    ...runOf(step, down),
  }))
}

function askedOf(step: MigrationStep, down: string | null): Asked {
  const { work, hash, risk, about } = step
  const statement = 'sql' in work ? work.sql : ''
  if (statementHash(statement) === hash)
    return { statement, kind: risk, asks: risk !== 'additive', ...runOf(step, down) }
  throw new EsaError('approval.unbound', 'bug', `the step "${about}" is not known by the hash of its text`)
}

function runOf({ work }: MigrationStep, down: string | null): Pick<Asked, 'sql' | 'rollback'> {
  const written = 'rollback' in work ? work.rollback : null
  return { sql: 'sql' in work ? work.sql : null, rollback: written ?? down }
}

/** Lists approvals, those that are open first. */
export async function listApprovals(config: Config, flags: { all?: boolean }): Promise<void> {
  await lookInStore(config, async (store) => {
    const approvals = await list(store, flags)
    answer(config, { approvals }, () =>
      approvals.length === 0 ? 'nothing waits for an approval' : table(approvals),
    )
  })
}

/** Shows an approval with its whole statement. @throws EsaError `approval.unknown` (terminal). */
export async function showApproval(config: Config, id: string): Promise<void> {
  await lookInStore(config, async (store) => {
    const approval = await requireApproval(store, id)
    answer(config, approval, () => describe(approval))
  })
}

/** Approves, rejects or withdraws a request; `hash` is that of the statement that was read. @throws EsaError `approval.*`, `auth.*` (terminal). */
export async function judgeApproval(
  config: Config,
  verb: 'approve' | 'reject' | 'withdraw',
  id: string,
  { as = 'operator', ...said }: { as?: string; because?: string; hash?: string },
): Promise<void> {
  await inWorld(config, async (world) => {
    const approval = await judge(world, verb, id, { as, ...said })
    answer(config, approval, () => describe(approval))
  })
}

function table(approvals: Approval[]): string {
  return columns([
    ['ID', 'STATUS', 'TARGET', 'KIND', 'GIVEN BY', 'HASH', 'STATEMENT'],
    ...approvals.map(({ id, status, target, kind, given, hash, statement }) => [
      id,
      status,
      target,
      kind,
      given.map((one) => one.by ?? one.as).join(', ') || '-',
      hash.slice(0, 12),
      statement.replaceAll(/\s+/g, ' ').slice(0, SHOWN_MAX),
    ]),
  ])
}

function describe(approval: ApprovalDocument): string {
  const { id, status, target, kind, hash, statement, because, askedBy, by, given, lapsesAt } = approval
  const refused = approval.voters.filter(({ refusal }) => refusal !== null)
  return [
    `${colours.bold(id)}  ${kind} on ${target}  [${status}]`,
    `  requested by ${askedBy}${by === null ? '' : ` (${by})`}: ${because}`,
    ...given.map(
      (one) => `  approved by ${one.as}${one.by === null ? '' : ` (${one.by})`} at ${one.at}${vouched(one)}`,
    ),
    ...(lapsesAt === null ? [] : [`  lapses at ${lapsesAt}`]),
    ...(['asked', 'partly'].includes(status) ? [`  may vote: ${approval.whoMayVote}`] : []),
    ...refused.map(
      ({ name, vouchedBy, refusal }) => `  may not: ${name} (vouched for by ${vouchedBy}): ${refusal}`,
    ),
    `  sha256 ${hash}`,
    ...statement.split('\n').map((line) => `    ${line}`),
  ].join('\n')
}

function vouched({ vouchedBy, oneOperator }: Approval['given'][number]): string {
  if (oneOperator) return ', one operator: usable from 10 to 25 minutes after that'
  return vouchedBy === null ? '' : `, vouched for by ${vouchedBy}`
}

function parseEvidence(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as JsonObject
  } catch (cause) {
    throw new EsaError('usage.evidence', 'terminal', 'the evidence is not JSON', { cause })
  }
  throw new EsaError('usage.evidence', 'terminal', 'the evidence is not a JSON object')
}
