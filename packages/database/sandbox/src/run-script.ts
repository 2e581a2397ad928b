import { EsaError } from '@esa/protocol'
import {
  quoteIdentifier,
  executionOf,
  postgresError,
  sqlState,
  type Queryable,
  type Finding,
  type ParsedStatement,
  parseScript,
  type Lacking,
  lacksRightOf,
  madeExtension,
  missingExtension,
  NEEDS_SUPERUSER,
  needsSuperuser,
  Untried,
} from '@esa/database-catalog/sql'

/** What pg_dump writes for psql and no server understands; never inside a statement. */
const PSQL_COMMAND = /^\\(?:connect|restrict|unrestrict|set|encoding)\b.*$/gm

/** A script's statements, without what is meant for psql. @throws EsaError `sql.syntax` (terminal). */
export async function parseSchema(script: string): Promise<ParsedStatement[]> {
  return parseScript(script.replace(PSQL_COMMAND, ''))
}

/** Statements of a schema that no tester may run, and whose absence changes what follows. */
export interface LeftOut {
  line: number
  text: string
  why: string
}

/**
 * Runs a script's statements one after another, each on its own as psql does: CREATE INDEX CONCURRENTLY works in it. What reaches
 * beyond the database, to the server or its files, is left out; what a plain role may not run is left out and answered, with what
 * relies on it. `there` are the extensions and their schemas that the admin has made already, `lacking` is what could not be made.
 * @throws EsaError `sql.schema-failed` (terminal) with the `line` of the statement that failed.
 */
export async function runScript(
  session: Queryable,
  statements: readonly ParsedStatement[],
  there: Furniture = { extensions: new Set(), schemas: new Set() },
  lacking?: Lacking,
): Promise<LeftOut[]> {
  const leftOut: LeftOut[] = []
  const untried = new Untried(lacking)
  for (const statement of statements) {
    const { text, line, node } = statement
    if (executionOf(node) === 'never' || there.extensions.has(madeExtension(node)?.name ?? '')) continue
    const why = needsSuperuser(node)
      ? NEEDS_SUPERUSER
      : await whyLeftOut(session, statement, { sql: inPlaceOf(node, there) ?? text, untried })
    if (why === null) continue
    untried.add(statement)
    leftOut.push({ line, text, why })
  }
  return leftOut
}

/** What the admin has made in a database before its tester came. */
export interface Furniture {
  extensions: ReadonlySet<string>
  schemas: ReadonlySet<string>
}

/** A schema that is there already only gets its owner. */
function inPlaceOf(node: ParsedStatement['node'], there: Furniture): string | null {
  if (!('CreateSchemaStmt' in node)) return null
  const { schemaname = '', authrole, schemaElts = [] } = node.CreateSchemaStmt
  if (!there.schemas.has(schemaname) || schemaElts.length > 0) return null
  const owner = authrole?.rolename
  return owner === undefined
    ? 'select'
    : `alter schema ${quoteIdentifier(schemaname)} owner to ${quoteIdentifier(owner)}`
}

/** Runs a statement; null when it ran. @throws EsaError `sql.schema-failed` when its failure is its own. */
async function whyLeftOut(
  session: Queryable,
  { node, line }: ParsedStatement,
  { sql, untried }: { sql: string; untried: Untried },
): Promise<string | null> {
  try {
    await session.query(sql)
    return null
  } catch (cause) {
    const right = lacksRightOf(node, cause)
    if (right !== null) return right
    const { kind, message } = postgresError(cause)
    if (kind !== 'terminal') throw postgresError(cause)
    const said = {
      message: cause instanceof Error ? cause.message : message,
      sqlState: sqlState(cause) ?? null,
    }
    const absent = missingExtension(said) ?? untried.blamedFor(said)
    if (absent !== null) return absent
    throw new EsaError('sql.schema-failed', 'terminal', `line ${line} of the schema: ${message}`, {
      cause,
      hint: 'the schema before must run by itself on an empty database',
      details: { line },
    })
  }
}

/** Characters of a statement that a finding shows: enough to recognize it. */
const TEXT_SHOWN = 120

/** One finding for all statements of a schema that were left out. */
export function untriedFindings(untried: readonly LeftOut[]): Finding[] {
  const [first] = untried
  if (first === undefined) return []
  const more = untried.length === 1 ? '' : `, and ${untried.length - 1} more statements`
  return [
    {
      kind: 'not-rehearsed',
      severity: 'warning',
      message: `line ${first.line} of the schema: ${first.why}${more}: left out here, and what relies on it is judged without it`,
      evidence: {
        count: untried.length,
        statements: untried.map(({ line, text, why }) => ({ line, why, sql: text.slice(0, TEXT_SHOWN) })),
      },
    },
  ]
}
