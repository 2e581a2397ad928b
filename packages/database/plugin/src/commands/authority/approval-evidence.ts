import { onOneSession, type Queryable } from '@esa/database-catalog/sql'
import { knownBefore } from '@esa/database-migrations/apply'
import { lintScripts, needsRehearsal, readScript, readSizes } from '@esa/database-migrations/lint'
import { rehearseScripts } from '@esa/database-sandbox'
import type { JsonObject } from '@esa/protocol'
import type { Config } from '../../config.ts'
import type { CopyFlag } from '../../targets/copy-consent.ts'
import { onRehearsal } from '../../sandbox/on-rehearsal.ts'
import { onTarget } from '../../targets/on-target.ts'
import { note } from '@esa/cli/plugin-kit'
import { rehearsalGround } from '../../sandbox/rehearsal-ground.ts'

type Measurable = Parameters<typeof knownBefore>[1][number]

/** What a request says of its statements, and where. */
interface Place {
  config: Config
  environment: NodeJS.ProcessEnv
  target: string
  /** Rows for the build time: without rows a copy says nothing of it. */
  copyRows?: CopyFlag
}

/**
 * What an approver should know of statements that run one after another: the locks that they take on a copy of the schema, what
 * they call, what undoes them, and with rows how long they took. What cannot be found out is left out, and a warning says why.
 */
export async function evidenceOf(place: Place, statements: readonly Measurable[]): Promise<JsonObject[]> {
  const { config, environment, target, copyRows } = place
  const [locks, known] = (await tried('locks, calls and the way back', () =>
    onTarget(config, environment, target, async ({ queryable }) => [
      await tried('locks', () => locksOf(config, queryable, statements)),
      await tried('calls and the way back', () =>
        onOneSession(queryable, (session) => knownBefore(session, statements)),
      ),
    ]),
  )) ?? [null, null]
  const times = copyRows === undefined ? null : await tried('build time', () => timesOf(place, statements))
  return statements.map((_, n) => {
    const { rollback = null, calls } = known?.[n] ?? {}
    return {
      ...(locks?.[n] === undefined ? {} : { locks: locks[n] }),
      ...(calls === undefined ? {} : { calls }),
      ...(rollback === null ? {} : { rollback }),
      ...times?.[n],
    }
  })
}

async function tried<T>(what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    note(`warning: unknown: ${what}: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

/** The locks of each statement, as PostgreSQL calls them; undefined where it did not run. */
async function locksOf(
  config: Config,
  queryable: Queryable,
  statements: readonly Measurable[],
): Promise<(string[] | undefined)[]> {
  const scripts = await Promise.all(statements.map(({ sql }, n) => readScript(String(n), Buffer.from(sql))))
  if (!needsRehearsal(scripts)) return []
  const report = await lintScripts(scripts, {
    independent: false,
    ground: await rehearsalGround(config, queryable),
    schema: { from: queryable },
    sizes: await readSizes(queryable),
  })
  return statements.map((_, n) => {
    const own = report.statements.filter(({ file }) => file === String(n))
    const ran = own.every(
      ({ method, findings }) =>
        method === 'executed' && findings.every(({ rule }) => rule !== 'execution-failed'),
    )
    if (!ran || own.length === 0) return undefined
    return [
      ...new Set(own.flatMap(({ locks }) => locks.map(({ mode, relation }) => `${mode} on ${relation}`))),
    ]
  })
}

/** How long each statement took on a copy with rows. */
async function timesOf(place: Place, statements: readonly Measurable[]): Promise<(JsonObject | undefined)[]> {
  const { config, environment, target, copyRows } = place
  const flags = { target, ...(copyRows === undefined ? {} : { copyRows }) }
  return await onRehearsal(config, environment, flags, { id: 'ask', rows: null }, async (rehearsal) => {
    const scripts = statements.map(({ sql }, n) => ({ file: String(n), sql }))
    const done = await rehearseScripts(rehearsal, scripts)
    const rows = rehearsal.tables.reduce((sum, table) => sum + table.rows, 0)
    const method = `run on a copy with ${rows} rows of ${rehearsal.tables.length} tables`
    return statements.map((_, n) => {
      const own = done.filter(({ file }) => file === String(n))
      if (own.length === 0 || own.some(({ outcome }) => outcome !== 'ok')) return undefined
      return { buildMs: own.reduce((sum, { ms }) => sum + (ms ?? 0), 0), method }
    })
  })
}
