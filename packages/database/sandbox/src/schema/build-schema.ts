import {
  type Finding,
  quoteIdentifier,
  postgresError,
  sqlState,
  type Queryable,
} from '@esa/database-catalog/sql'
import type { SchemaStep } from './read-schema.ts'
import type { SchemaExtension } from '../ground/sandbox.ts'

/** Statements sent at once: a round trip each would cost more than making the objects. */
const BATCH = 100

/** The server is away or full: the next statement would fail as well. */
export const HOPELESS = /^(?:57P|53|08)/

/** Makes names come out as the statements give them, and lets a function name what is made later. */
export const BUILDING = `select set_config('search_path', '', false), set_config('check_function_bodies', 'off', false),
  set_config('DateStyle', 'ISO, YMD', false), set_config('IntervalStyle', 'postgres', false), set_config('client_min_messages', 'error', false)`

/** Steps that failed, with the server's last word on each. */
export type FailedStep = SchemaStep & { why: string }

/**
 * Runs steps until none of the remaining ones succeeds: what fails for want of something that a later step makes is tried
 * again, so that the order of dependencies need not be known. Answers the ones that never succeeded.
 * @throws EsaError `database.*` when the server is away.
 */
export async function buildSchema(session: Queryable, steps: readonly SchemaStep[]): Promise<FailedStep[]> {
  let failed = await attempt(session, steps)
  for (;;) {
    if (failed.length === 0) return failed
    const still = await attempt(session, failed)
    if (still.length === failed.length) return still
    failed = still
  }
}

async function attempt(session: Queryable, steps: readonly SchemaStep[]): Promise<FailedStep[]> {
  const failed: FailedStep[] = []
  for (let at = 0; at < steps.length; at += BATCH) {
    const batch = steps.slice(at, at + BATCH)
    const whole = batch.map(({ sql }) => sql).join(';\n')
    if ((await failure(session, whole)) === null) continue
    // The batch was rolled back as a whole: one by one, only what is at fault is left out.
    for (const step of batch) {
      const why = await failure(session, step.sql)
      if (why !== null) failed.push({ ...step, why })
    }
  }
  return failed
}

/** Null, or why the server refused. */
async function failure(session: Queryable, sql: string): Promise<string | null> {
  try {
    await session.query(sql)
    return null
  } catch (error) {
    if (sqlState(error) === undefined || HOPELESS.test(sqlState(error)!)) throw postgresError(error)
    return error instanceof Error ? error.message : String(error)
  }
}

/** Installs what the server has and a tester may make; a finding for each extension that is missing, but for those that are there. */
export async function buildExtensions(
  session: Queryable,
  extensions: readonly SchemaExtension[],
  furnished: ReadonlySet<string>,
): Promise<Finding[]> {
  const missing: Finding[] = []
  for (const { name, schema } of extensions) {
    const place = schema === null ? '' : ` with schema ${quoteIdentifier(schema)}`
    if (furnished.has(name)) continue
    // PostgreSQL's own schemas are there, and may not be made, not even if they are not.
    const isOwn = schema === null || schema.startsWith('pg_')
    const into = isOwn ? '' : `create schema if not exists ${quoteIdentifier(schema)}; `
    const why = await failure(
      session,
      `${into}create extension if not exists ${quoteIdentifier(name)}${place} cascade`,
    )
    if (why === null) continue
    missing.push({
      kind: 'extension-missing',
      severity: 'warning',
      message: `the rehearsal has no extension ${name}: whatever needs it is left out, and statements that use it fail here`,
      evidence: { extension: name, why },
      fix: 'rehearse on a server that has it: ESA_REHEARSAL_URL=postgres://...',
    })
  }
  return missing
}

/** Objects of a finding: enough to see what is at fault. */
const OBJECTS_SHOWN = 20

/** What only fails because another object is not there. */
const CONSEQUENCE = /does not exist$/

/** One finding for all objects that could not be made, the ones at fault first. */
export function notBuilt(failed: readonly FailedStep[]): Finding[] {
  const causesFirst = failed.toSorted(
    (a, b) => Number(CONSEQUENCE.test(a.why)) - Number(CONSEQUENCE.test(b.why)),
  )
  const [first] = causesFirst
  if (first === undefined) return []
  const more = failed.length === 1 ? '' : `, and ${failed.length - 1} more objects`
  return [
    {
      kind: 'not-rehearsed',
      severity: 'warning',
      message: `${first.what} could not be made on the rehearsal (${first.why})${more}: statements that need them fail here`,
      evidence: {
        count: failed.length,
        objects: causesFirst.slice(0, OBJECTS_SHOWN).map(({ what, why, sql }) => ({ what, why, sql })),
      },
    },
  ]
}
