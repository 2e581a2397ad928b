import { randomBytes } from 'node:crypto'
import { EsaError } from '@esa/protocol'
import type { Notice } from '../sql/queryable.ts'
import { OWN_MARK, OWN_PATH, type ReadOnlySession } from '../sql/read-only.ts'
import { parseTree, type TreeValue } from './resolved-tree.ts'

/** A statement that the server has analysed and not run: `EXECUTE name` runs that, and not its text again. */
export interface Resolved {
  name: string
  trees: TreeValue[]
}

/**
 * The tree comes as a message to the client, and to the log of the server unless that is set higher, which takes a right
 * of its own: without it the tree is logged.
 */
const ON = `select ${OWN_MARK} pg_catalog.set_config('search_path', $1, true),
  pg_catalog.current_setting('client_min_messages') as told, pg_catalog.set_config('client_min_messages', 'log', true),
  pg_catalog.set_config('debug_pretty_print', 'off', true), pg_catalog.set_config('debug_print_rewritten', 'on', true),
  pg_catalog.current_setting('log_min_messages') as logged,
  case when pg_catalog.has_parameter_privilege('log_min_messages', 'SET')
    then pg_catalog.set_config('log_min_messages', 'fatal', true) end as quiet`

/** The first major that prints the tree of what is prepared. */
const PRINTS_FROM = 15

const OFF = `select ${OWN_MARK} pg_catalog.set_config('debug_print_rewritten', 'off', true),
  pg_catalog.set_config('client_min_messages', $1, true),
  case when $2::text is not null then pg_catalog.set_config('log_min_messages', $2, true) end,
  pg_catalog.set_config('search_path', '${OWN_PATH}', true)`

/** How the server's message begins. */
const TREE = /^\(\{QUERY\s/

/** The PREPARE itself comes as a tree, too: of a command, which holds the text as it was parsed. */
const COMMAND = /^\(\{QUERY\s:commandType\s[56]\s:querySource\s0\s:canSetTag\strue\s:utilityStmt\s[{?]/

/**
 * Has the server analyse a statement: names become the objects that it would call. Nothing is planned or run, but input
 * functions of literals. Its names are looked up on the path of the target.
 * @throws EsaError `sql.tree-unseen` on PostgreSQL 14, or where the driver passes no messages; the server's error.
 */
export async function resolve(
  session: ReadOnlySession,
  text: string,
  types: string[] = [],
): Promise<Resolved> {
  const { on, removeListener } = session
  if (session.major < PRINTS_FROM) throw tooOld(session.major)
  if (!on || !removeListener) throw unseen()
  const name = `esa_${randomBytes(8).toString('hex')}`
  const printed: string[] = []
  const listen = ({ detail }: Notice): void => {
    if (detail !== undefined && TREE.test(detail) && !COMMAND.test(detail)) printed.push(detail)
  }
  const { rows } = await session.query(ON, [session.path])
  on.call(session, 'notice', listen)
  try {
    const declared = types.length === 0 ? '' : `(${types.join(', ')})`
    await session.query({ text: `PREPARE ${name}${declared} AS ${text}`, queryMode: 'extended' })
    session.prepared.push(name)
  } finally {
    removeListener.call(session, 'notice', listen)
  }
  const { told, logged, quiet } = rows[0]!
  await session.query(OFF, [told, quiet === null ? null : logged])
  if (printed.length === 0) throw unseen()
  return { name, trees: printed.map(parseTree) }
}

function unseen(): EsaError {
  return new EsaError('sql.tree-unseen', 'terminal', 'the server did not say what the statement would call', {
    hint: 'this takes a connection that passes messages of the server on; nothing was run',
  })
}

function tooOld(major: number): EsaError {
  return new EsaError(
    'sql.tree-unseen',
    'terminal',
    `PostgreSQL ${major} does not show what a statement would call`,
    {
      hint: `statements of others run on PostgreSQL ${PRINTS_FROM} or later only; metrics, schema, lint and migrations work here; nothing was run`,
      details: { major: String(major) },
    },
  )
}
