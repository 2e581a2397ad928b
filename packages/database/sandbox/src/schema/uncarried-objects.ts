import type { Finding, Queryable } from '@esa/database-catalog/sql'
import { inScope, isInternal, isOwn } from '@esa/database-catalog'

/** Kinds of object that a rehearsal does without, and what that means for what is tried on it. */
const UNCARRIED: readonly { what: string; means: string; query: string }[] = [
  {
    what: 'foreign tables',
    means: 'statements and views that name them fail here',
    query: `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'f' and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')}`,
  },
  {
    what: 'operators and operator classes',
    means: 'indexes and queries that use them fail here',
    query: `select o.oid::regoperator::text as name from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where ${inScope('n')} and ${isOwn('pg_operator', 'o.oid')}
      union all select format('%I.%I', n.nspname, o.opcname) from pg_opclass o join pg_namespace n on n.oid = o.opcnamespace where ${inScope('n')} and ${isOwn('pg_opclass', 'o.oid')}`,
  },
  {
    what: 'casts',
    means: 'a type change that relies on them is judged without them',
    query: `select format('%s as %s', format_type(c.castsource, null), format_type(c.casttarget, null)) as name from pg_cast c where c.oid >= 16384 and ${isOwn('pg_cast', 'c.oid')} and not ${isInternal('pg_cast', 'c.oid')} and $1::text[] is null`,
  },
  {
    what: 'base types',
    means: 'tables with such columns are missing',
    query: `select t.oid::regtype::text as name from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype = 'b' and t.typelem = 0 and ${inScope('n')} and ${isOwn('pg_type', 't.oid')}`,
  },
  {
    what: 'event triggers',
    means: 'what they do to a statement is not seen here',
    query: `select e.evtname::text as name from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid join pg_namespace n on n.oid = p.pronamespace where ${inScope('n')} and ${isOwn('pg_event_trigger', 'e.oid')}`,
  },
  {
    what: 'marks of invalid indexes of keys and materialized views',
    means: 'queries use them here',
    query: `select format('%I.%I', n.nspname, c.relname) as name from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = x.indrelid
      where not x.indisvalid and c.relkind = 'i' and (r.relkind = 'm' or exists (select from pg_constraint k where k.conindid = c.oid)) and ${inScope('n')} and ${isOwn('pg_class', 'c.oid')}`,
  },
  {
    what: 'tablespaces',
    means: 'everything is in the default tablespace here',
    query: `select distinct s.spcname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_tablespace s on s.oid = c.reltablespace where ${inScope('n')}`,
  },
]

/** Names of a kind that a finding shows: enough to recognize it. */
const NAMES_SHOWN = 10

/** A finding for each kind of object that the target has and a rehearsal does not. */
export async function uncarriedObjects(session: Queryable, schemas: string[] | null): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { what, means, query } of UNCARRIED) {
    const names = (await session.query(query, [schemas])).rows.map(({ name }) => String(name))
    if (names.length === 0) continue
    const shown = names.slice(0, NAMES_SHOWN)
    findings.push({
      kind: 'not-rehearsed',
      severity: 'info',
      message: `${what} are not copied: ${means}`,
      evidence: { what, count: names.length, names: shown },
    })
  }
  return findings
}
