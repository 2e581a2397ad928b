import { type Authorisable, consumeApproval, random, requireApprovals } from '@esa/operations'
import { isLoopback, isPooler } from '@esa/pg-server'
import { systemClock } from '@esa/database-catalog/sql'
import {
  type Applied,
  type ApplyEvent,
  applyMigration,
  type ApplyPorts,
  blockerText,
  fileLedger,
  targetLedger,
} from '@esa/database-migrations/apply'
import type { MigrationStep } from '@esa/database-migrations/plan'
import type { Mismatch } from '@esa/database-migrations/verify'
import { EsaError, isEsaError, statementHash } from '@esa/protocol'
import { answer, colours, durationFlag, note, osUser, Progress } from '@esa/cli/plugin-kit'
import type { Config } from '../../config.ts'
import { readMigrations } from '../../files/migration-files.ts'
import { onTarget } from '../../targets/on-target.ts'
import { reportDataLoss } from '../authority/report-data-loss.ts'
import { inStoreIfThere, inWorld } from '../../runtime.ts'
import { describeTarget, isTargetName, resolveTarget } from '../../targets/targets.ts'
import { findVerified } from '../../sandbox/verified-copies.ts'

/** Options of `esa db migrate apply` and `rollback`. */
export interface ApplyFlags {
  target: string
  phase?: string
  ledger?: string
  lockTimeout?: string
  besideLedger?: string[]
}

/**
 * Applies what a file, a plan or a folder asks for and the target has not got yet. Ctrl-C stops between two steps.
 * @throws EsaError `migration.*`, `approval.*`, `confirm.*`, `file.*`, `target.*`, `database.*`.
 */
export async function applyFiles(
  config: Config,
  environment: NodeJS.ProcessEnv,
  path: string,
  flags: ApplyFlags,
): Promise<void> {
  const { url } = await resolveTarget(config, flags.target, environment)
  const applied = await applying(config, environment, flags, async (ports) => {
    const done: Applied[] = []
    for (const migration of await readMigrations(path, ports.target)) {
      const verified = await findVerified(config, url, migration.hash, Math.round(systemClock.now()))
      const applies = applyMigration(migration, { ...ports, verified }, flags.phase)
      done.push(await applies.catch((error: unknown) => lost(config, flags.target, migration.id, error)))
    }
    return done
  })
  answer(config, { migrations: applied }, () =>
    applied.length === 0 ? 'nothing to apply: the target has got everything' : applied.map(text).join('\n'),
  )
}

/** A loss goes to the CEO at once, also one that was undone: whatever wanted it will want it again. */
async function lost(config: Config, target: string, migration: string, error: unknown): Promise<never> {
  if (!isEsaError(error, 'migration.data-loss')) throw error
  const { code, kind, message, hint, details, cause } = error
  const mismatches = (details['mismatches'] ?? [{ relation: '', why: message }]) as Mismatch[]
  const incident = await reportDataLoss(config, {
    target: isTargetName(target) ? target : describeTarget(target),
    migration,
    mismatches,
    rehearsed: false,
  })
  const more = hint === undefined ? {} : { hint }
  throw new EsaError(code, kind, message, { ...more, details: { ...details, incident }, cause })
}

/** Lets `work` change a target, with progress on stderr and Ctrl-C between two steps. */
export async function applying<T>(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target: name, ledger, lockTimeout, besideLedger = [] }: ApplyFlags,
  work: (ports: ApplyPorts) => Promise<T>,
): Promise<T> {
  const { url, connections } = await resolveTarget(config, name, environment)
  requireSessions(url, connections)
  const stop = new AbortController()
  const interrupt = (): void => {
    stop.abort()
    if (!config.json)
      note('stopping after this step; Ctrl-C again ends at once, and the next apply finds out where')
  }
  process.once('SIGINT', interrupt)
  const show = config.json ? { event: () => {}, end: () => {} } : shower()
  try {
    return await onTarget(
      config,
      environment,
      name,
      async ({ queryable }) =>
        work({
          target: queryable,
          ledger:
            ledger === undefined ? targetLedger : fileLedger(ledger, () => Math.round(systemClock.now())),
          besideLedgers: besideLedger,
          by: osUser(),
          ...authorisation(config, name, isLoopback(url)),
          clock: systemClock,
          random,
          budget: lockTimeout === undefined ? {} : { lockMs: durationFlag('--lock-timeout', lockTimeout) },
          onEvent: show.event,
          stop: stop.signal,
        }),
      { heavy: 'migration is applied' },
    )
  } finally {
    show.end()
    process.removeListener('SIGINT', interrupt)
  }
}

/** One session works and keeps its locks, the other looks on. */
const SESSIONS_MIN = 2

function requireSessions(url: string, connections: number | null): void {
  if (connections !== null && connections < SESSIONS_MIN) {
    throw new EsaError(
      'usage.connections',
      'terminal',
      'an apply takes two connections, and this target allows one',
      {
        hint: 'esa targets add NAME URL --connections 2',
      },
    )
  }
  if (!isPooler(url)) return
  throw new EsaError('migration.pooled', 'terminal', 'this target is a pooler in transaction mode', {
    hint: 'locks, budgets and CONCURRENTLY need a session of their own: give the target’s direct URL',
  })
}

/**
 * What may lose data takes two approvals, used up right before it runs; what changes the shape of a database that is not on
 * this machine takes the chief's. The caller approves what only adds. Source: docs/layer-1/authority.md.
 */
function authorisation(
  config: Config,
  target: string,
  loopback: boolean,
): Pick<ApplyPorts, 'authorise' | 'requireApprovals'> {
  const asked = ({ risk, hash, text, phase }: MigrationStep): Authorisable => {
    const statement = phase === null && statementHash(text) === hash ? text : null
    return { target, hash, kind: risk, statement }
  }
  return {
    async authorise(step) {
      if (takesApproval(step, loopback)) await inWorld(config, (world) => consumeApproval(world, asked(step)))
    },
    async requireApprovals(steps) {
      const taking = steps.filter((step) => takesApproval(step, loopback))
      if (taking.length > 0)
        await inStoreIfThere(config, (store) => requireApprovals(store, taking.map(asked)))
    },
  }
}

/** True for what may lose data, and for what changes the shape of a database that is not on this machine. */
export function takesApproval({ risk }: Pick<MigrationStep, 'risk'>, loopback: boolean): boolean {
  return risk === 'destructive' || (risk === 'major' && !loopback)
}

/** Shows on stderr what happens. */
function shower(): { event: (event: ApplyEvent) => void; end: () => void } {
  const progress = new Progress()
  let bar: ReturnType<Progress['bar']> | null = null
  const end = (): void => {
    bar?.stop()
    bar = null
  }
  const event = (happened: ApplyEvent): void => {
    const { step, type } = happened
    if (type === 'step') progress.step(`${happened.nth + 1}/${happened.steps} ${step.about}`)
    if (type === 'retry') {
      const { attempt, waitMs, blockers } = happened
      const why = blockers.map(blockerText).join('; ')
      progress.detail(
        `try ${attempt} got no lock${why === '' ? '' : `, in its way: ${why}`}; again in ${Math.round(waitMs)} ms`,
      )
    }
    if (type === 'filled') {
      const { rows, total } = happened.filled
      bar ??= progress.bar('filled', Math.max(total, rows))
      bar.update(rows)
    }
    if (type === 'stepped') end()
  }
  return { event, end }
}

const SAID = {
  done: colours.green('applied'),
  already: 'was applied before',
  partly: colours.yellow('applied in part'),
}

function text({ id, state, steps, waiting, verification }: Applied): string {
  const lines = [`${id} ${SAID[state]}, ${steps.length} steps`]
  for (const { id: step, ms } of steps) lines.push(colours.dim(`    ${step} ${ms} ms`))
  if (waiting.length > 0)
    lines.push(`    waits to be named: ${waiting.map((phase) => `--phase ${phase}`).join(', ')}`)
  if (verification !== null) lines.push(`    ${verification.state}: ${verification.why}`)
  return lines.join('\n')
}
