import type { Approval } from '@esa/escalation'
import {
  type ApprovalDocument,
  askApproval,
  judgeApproval as judge,
  listApprovals as list,
  requireApproval,
} from '@esa/operations'
import { isLoopback } from '@esa/pg-server'
import { onOneSession, systemClock } from '@esa/postgres'
import {
  fileLedger,
  type MigrationStep,
  scriptMigration,
  stepsToApprove,
  targetLedger,
} from '@esa/postgres/apply'
import type { MigrationPlan } from '@esa/postgres/change'
import { canonicalJson, EsaError, type JsonObject, statementHash } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { readMigrations } from '../migration-files.ts'
import { onTarget } from '../on-target.ts'
import { answer, columns } from '../output.ts'
import { lookInStore } from '../store-access.ts'
import { readText, resolveTarget } from '../targets.ts'
import { findVerified } from '../verified-copies.ts'
import { inWorld } from '../world.ts'
import { takesApproval } from './db-apply.ts'

/** Options of `esa db approvals ask`. */
export interface AskFlags {
  target: string
  because: string
  file?: string
  migration?: string
  ledger?: string
  statement?: string
  evidence?: string
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
  const evidence = flags.evidence === undefined ? {} : parseEvidence(await readText(flags.evidence))
  const asked =
    migration !== undefined
      ? await ofMigration(config, environment, migration, flags)
      : file === undefined
        ? await ofStatement(statement!)
        : await ofFile(file)
  await inWorld(config, async (world) => {
    const by = await world.caller.actAs('layer-1', 'incidents:write', 'operator')
    const approvals: Approval[] = []
    for (const one of asked.filter(({ kind }) => kind !== 'additive'))
      approvals.push(await askApproval(world, { target, ...one }, { by, because, evidence }))
    answer(config, { approvals }, () =>
      approvals.length === 0 ? 'nothing in it takes an approval' : table(approvals),
    )
  })
}

type Asked = { statement: string; kind: MigrationStep['risk'] }

async function ofStatement(sql: string): Promise<Asked[]> {
  const { steps } = await scriptMigration('statement', sql)
  return steps.map(askedOf)
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
      for (const step of steps)
        if (takesApproval(step, isLoopback(url))) asked.push({ statement: step.text, kind: step.risk })
    }
    return asked
  })
}

/** What a file or a plan asks for, by the text that its steps are known by when they are applied. */
async function ofFile(file: string): Promise<Asked[]> {
  const steps = (await readMigrations(file)).flatMap((migration) => migration.steps)
  if (!file.endsWith('.json')) return steps.map(askedOf)
  // A step of a plan is more than its SQL: all of it is approved, or nothing.
  const { phases } = JSON.parse(await readText(file)) as MigrationPlan
  const planned = phases.flatMap((phase) => phase.steps)
  return steps.map(({ risk }, nth) => ({ statement: canonicalJson(planned[nth]), kind: risk }))
}

function askedOf({ work, hash, risk, about }: MigrationStep): Asked {
  const statement = 'sql' in work ? work.sql : ''
  if (statementHash(statement) === hash) return { statement, kind: risk }
  throw new EsaError('approval.unbound', 'bug', `the step "${about}" is not known by the hash of its text`)
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
    `  asked by ${askedBy}${by === null ? '' : ` (${by})`}: ${because}`,
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
