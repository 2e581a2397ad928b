import type { AlterTableStmt, Node } from '@pgsql/types'
import { deparseSync } from 'pgsql-deparser'
import { type Queryable, type ParsedStatement, columnPath, walk } from '@esa/database-catalog/sql'
import { type Look, look, namedLocks, type Relations, rewritten, scanned } from './observe.ts'

/** ALTER TABLEs that are tried as one: each further one is tried with all before it. */
const MERGED_MAX = 8

/** What a step of several leaves behind, besides rows, and what it did to get there. */
interface Trace {
  schema: string
  work: ReadonlySet<string>
  /** The strongest lock on the table. */
  lock: string | undefined
}

/** All that ALTER TABLE can change, in an order that does not depend on numbers. */
const SCHEMA = `with own as (select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema')
  select md5(string_agg(line, E'\\n' order by line)) as schema from (
    select concat_ws('|', a.attrelid::regclass, row_number() over (partition by a.attrelid order by a.attnum), a.attname,
      format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attcompression, a.attstattarget,
      a.attoptions, a.attcollation, a.attmissingval::text, a.attacl, pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_attribute a join own on own.oid = a.attrelid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
    union all select concat_ws('|', k.conrelid::regclass, k.conname, k.convalidated, pg_get_constraintdef(k.oid))
      from pg_constraint k join own on own.oid = k.conrelid
    union all select concat_ws('|', own.oid::regclass, own.relkind, own.relpersistence, own.reloptions, own.relrowsecurity, own.relforcerowsecurity,
      own.relreplident, own.relam, own.reltablespace, own.relowner, own.relacl, own.reloftype,
      case when own.relkind in ('i', 'I') then pg_get_indexdef(own.oid) end,
      (select concat_ws(' ', i.indisclustered, i.indisreplident, i.indisvalid) from pg_index i where i.indexrelid = own.oid)) from own
    union all select concat_ws('|', t.tgrelid::regclass, t.tgname, t.tgenabled) from pg_trigger t where not t.tgisinternal
    union all select concat_ws('|', r.ev_class::regclass, r.rulename, r.ev_enabled) from pg_rewrite r join own on own.oid = r.ev_class
    union all select concat_ws('|', i.inhrelid::regclass, i.inhparent::regclass) from pg_inherits i) lines`

/**
 * Which of the ALTER TABLEs that follow each other from `at` on could have been one with those before: by place, the one
 * statement. Each is run first, apart and as one, and rolled back: it must succeed, leave the same schema, work through no
 * table that the others leave alone, and do so under no stronger lock. `until`: how far was looked.
 */
export async function tryMerges(
  { session, inTime }: { session: Queryable; inTime: <T>(work: Promise<T>) => Promise<T> },
  statements: readonly ParsedStatement[],
  { at, own, before }: { at: number; own: boolean; before: Relations },
): Promise<{ merged: ReadonlyMap<number, string>; until: number }> {
  const run = runFrom(statements, at, before)
  const merged = new Map<number, string>()
  if (run.length < 2) return { merged, until: at + 1 }
  const perform = (sql: string): Promise<unknown> => inTime(session.query(sql))
  await session.query(own ? 'BEGIN' : 'SAVEPOINT esa_merge')
  try {
    const apart = await traceApart(session, run, perform)
    for (let nth = 1; nth < apart.length; nth += 1) {
      const sql = asOne(run.slice(0, nth + 1))
      const one = await rolledBack(session, () => traceOf(session, run[0]!, () => perform(sql)))
      if (one === null || !isAsGood(one, apart.slice(0, nth + 1))) return { merged, until: at + nth }
      merged.set(at + nth, sql)
    }
    return { merged, until: at + Math.max(apart.length, 1) }
  } finally {
    await session.query(own ? 'ROLLBACK' : 'ROLLBACK TO SAVEPOINT esa_merge')
    if (!own) await session.query('RELEASE SAVEPOINT esa_merge')
  }
}

function alterOf({ node }: ParsedStatement): AlterTableStmt | undefined {
  return 'AlterTableStmt' in node && node.AlterTableStmt.objtype === 'OBJECT_TABLE'
    ? node.AlterTableStmt
    : undefined
}

/** The ALTER TABLEs of one table that follow each other, as far as their text lets them be one. */
function runFrom(statements: readonly ParsedStatement[], at: number, before: Relations): ParsedStatement[] {
  const first = statements[at]
  const alter = first === undefined ? undefined : alterOf(first)
  if (first === undefined || alter?.relation === undefined || !canBeMerged(alter)) return []
  const table = before.find(alter.relation)
  const run = [first]
  for (const next of statements.slice(at + 1, at + MERGED_MAX)) {
    const other = alterOf(next)
    if (other?.relation === undefined || !canBeMerged(other)) break
    if (table === undefined || before.find(other.relation)?.oid !== table.oid) break
    if (other.relation.inh !== alter.relation.inh || readsChanged(run, other)) break
    run.push(next)
  }
  return run
}

/** VALIDATE takes a weaker lock, and is apart for that; partitions come and go one at a time. */
function canBeMerged({ cmds = [] }: AlterTableStmt): boolean {
  return !cmds.some(
    (cmd) => 'AlterTableCmd' in cmd && /Validate|Partition/.test(cmd.AlterTableCmd.subtype ?? ''),
  )
}

/** True for a USING that reads a column whose type an earlier one changes: in one statement it would read the old value. */
function readsChanged(run: readonly ParsedStatement[], { cmds = [] }: AlterTableStmt): boolean {
  const changed = new Set(run.flatMap((one) => (alterOf(one)?.cmds ?? []).flatMap(retyped)))
  let reads = false
  for (const cmd of cmds) {
    const def = 'AlterTableCmd' in cmd && retyped(cmd).length > 0 ? cmd.AlterTableCmd.def : undefined
    walk(def, (kind, body) => {
      if (kind === 'ColumnRef' && changed.has(columnPath(body)?.at(-1) ?? '')) reads = true
    })
  }
  return reads
}

function retyped(cmd: Node): string[] {
  const { subtype, name = '' } = 'AlterTableCmd' in cmd ? cmd.AlterTableCmd : {}
  return subtype === 'AT_AlterColumnType' ? [name] : []
}

function asOne(run: readonly ParsedStatement[]): string {
  const cmds = run.flatMap((one) => alterOf(one)?.cmds ?? [])
  return deparseSync({ AlterTableStmt: { ...alterOf(run[0]!), cmds } }).replaceAll(/\s*\n\s*/g, ' ')
}

/** What each step leaves behind, up to the first that fails. */
async function traceApart(
  session: Queryable,
  run: readonly ParsedStatement[],
  perform: (sql: string) => Promise<unknown>,
): Promise<Trace[]> {
  const traces: Trace[] = []
  await rolledBack(session, async () => {
    for (const one of run) traces.push(await traceOf(session, one, () => perform(one.text)))
  })
  // Its own lock is not seen beside those of the steps before it.
  for (const [nth, one] of run.entries()) {
    const own = await rolledBack(session, () => traceOf(session, one, () => perform(one.text)))
    const trace = traces[nth]
    if (trace !== undefined) trace.lock = own?.lock
  }
  return traces
}

async function traceOf(
  session: Queryable,
  statement: ParsedStatement,
  perform: () => Promise<unknown>,
): Promise<Trace> {
  const from = await look(session)
  await perform()
  const after = await look(session, from)
  const { rows } = await session.query(SCHEMA)
  return {
    schema: String(rows[0]!['schema']),
    work: new Set([
      ...scanned(from.scans, after.scans, from.relations).map((name) => `reads ${name}`),
      ...rewritten(from.relations, after.relations).map((name) => `writes ${name}`),
    ]),
    lock: lockOnTable(statement, after, from.relations),
  }
}

function lockOnTable(statement: ParsedStatement, { locks }: Look, before: Relations): string | undefined {
  const name = alterOf(statement)?.relation
  const table = name === undefined ? undefined : before.find(name)?.name
  return namedLocks(locks, before).find(({ relation }) => relation === table)?.mode
}

function isAsGood(one: Trace, apart: readonly Trace[]): boolean {
  const work = new Set(apart.flatMap((trace) => [...trace.work]))
  const working = apart.filter((trace) => trace.work.size > 0 && trace.lock !== undefined)
  return (
    one.schema === apart.at(-1)!.schema &&
    [...one.work].every((what) => work.has(what)) &&
    working.every(({ lock }) => lock === one.lock)
  )
}

/** What `work` gives, or null where it fails; what it did is rolled back. */
async function rolledBack<T>(session: Queryable, work: () => Promise<T>): Promise<T | null> {
  await session.query('SAVEPOINT esa_one')
  try {
    return await work()
  } catch {
    return null
  } finally {
    await session.query('ROLLBACK TO SAVEPOINT esa_one')
  }
}
