import { EsaError } from '@esa/protocol'
import type { ReadOnlySession } from '../sql/read-only.ts'
import { readerGrants } from './grants.ts'
import { type RoleStrength, roleStrength } from './role-strength.ts'

/** What the operator of a target said about reading it. */
export interface TargetTerms {
  /** Foreign statements may be read by a role that owns the database or is a superuser. */
  allowOwner: boolean
  /** What to do where a statement would reach the server's log: warn once, or never let it. */
  guardLog: 'warn' | 'never'
  /** Called with what the operator has to know; the same code may come again. */
  warn(warning: { code: string; message: string; hint: string }): void
}

/**
 * On whose word statements are read. `foreign`: they came by HTTP, MCP, A2A or in a message, or the target is on another
 * machine; `host`: on the command line, on a target of this machine; `workload`: they are the target's own, from its
 * operator's file.
 */
export type ReadTerms = TargetTerms & { caller: 'foreign' | 'host' | 'workload' }

/** A copy that was made for trying: its role owns it, and reaches nothing else. */
export const ON_COPY = 'copy'

/**
 * Prepares the transaction for statements of others: whether this role may read them, as which role they are read, and
 * whether they reach the server's log. Call it once a transaction, before anything is judged.
 * @throws EsaError `sql.role-too-strong`, `sql.logged` (terminal) with nothing executed.
 */
export async function meetTerms(session: ReadOnlySession, terms: ReadTerms): Promise<void> {
  const strength = await roleStrength(session, session.major)
  const strong = strength.strengths.length > 0 && !terms.allowOwner && terms.caller !== 'workload'
  if (strong && terms.caller === 'foreign') throw await tooStrong(session, strength)
  if (strength.logs && !strength.maySetLog) tellLogged(terms)
  if (strong) await asReader(session, strength, terms)
}

async function tooStrong(session: ReadOnlySession, { strengths }: RoleStrength): Promise<EsaError> {
  return new EsaError(
    'sql.role-too-strong',
    'terminal',
    `a statement of others is not read by this role: ${strengths.join(', ')}`,
    {
      hint: `read it as a role that only reads. These statements make one:\n${await readerGrants(session)}`,
    },
  )
}

/** Where the role can be laid aside, it is: a superuser's reading then ends where any reader's does. */
async function asReader(
  session: ReadOnlySession,
  { strengths, mayReadAll, maySetLog }: RoleStrength,
  { warn }: ReadTerms,
): Promise<void> {
  const why = strengths.join(', ')
  const hint = 'esa db grants prints the statements that make a role which only reads'
  if (!mayReadAll) {
    const message = `the role of this target is strong (${why}) and reads as itself`
    warn({ code: 'sql.strong-role', message, hint })
    return
  }
  // A reader may not set it any more, and the trees of its statements would be logged.
  if (maySetLog) await session.query(`set local log_min_messages = 'fatal'`)
  await session.query('set local role pg_read_all_data')
  const message = `the role of this target is strong (${why}): statements are read as pg_read_all_data`
  warn({ code: 'sql.strong-role', message, hint })
}

function tellLogged({ guardLog, warn }: ReadTerms): void {
  const message = 'the server logs the statements that are judged, with their constants'
  const hint =
    'as a superuser, on PostgreSQL 15 or later: GRANT SET ON PARAMETER log_min_messages TO the role of the target'
  if (guardLog === 'never') throw new EsaError('sql.logged', 'terminal', message, { hint })
  warn({ code: 'sql.logged', message, hint })
}
