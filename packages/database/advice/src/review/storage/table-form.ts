import { type Queryable, OWN_MARK } from '@esa/database-catalog/sql'

/** A constraint of a table; `type` as in pg_constraint, `definition` as ALTER TABLE ... ADD takes it. */
export interface Rule {
  name: string
  type: 'p' | 'u' | 'c' | 'f' | 'x'
  definition: string
  columns: string[]
  /** The `oid` of the table that a foreign key points to. */
  references: number
}

/** An index that backs no constraint; `tail` is what follows ON and the table. */
interface PlainIndex {
  name: string
  unique: boolean
  columns: string[]
  tail: string
}

/** What belongs to a table, in the server's own words, all names with their schemas. */
export interface TableForm {
  rules: Rule[]
  indexes: PlainIndex[]
  /** What follows ADD; `cache`: values that a session puts aside. */
  identities: { column: string; generated: string; cache: number }[]
  publications: string[]
  /** What a second table in its place has not got by itself, as people call it. */
  besides: string[]
}

const RULES = `select coalesce(json_agg(json_build_object('name', k.conname, 'type', k.contype, 'definition', pg_get_constraintdef(k.oid),
    'columns', (select coalesce(json_agg(a.attname order by x.nth), '[]') from unnest(k.conkey) with ordinality x(num, nth)
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.num),
    'references', k.confrelid::int8) order by k.contype, k.conname), '[]')
  from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'f', 'x')`

const INDEXES = `select coalesce(json_agg(json_build_object('name', i.relname, 'unique', x.indisunique,
    'columns', (select coalesce(json_agg(a.attname), '[]') from unnest(x.indkey::int2[]) with ordinality n(num, nth)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = n.num where n.nth <= x.indnkeyatts),
    'tail', substring(pg_get_indexdef(x.indexrelid) from ' (USING .*)$')) order by i.relname), '[]')
  from pg_index x join pg_class i on i.oid = x.indexrelid
  where x.indrelid = c.oid and x.indisvalid and not exists (select from pg_constraint k
    where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))`

const IDENTITIES = `select coalesce(json_agg(json_build_object('column', a.attname, 'cache', s.seqcache,
    'generated', format('GENERATED %s AS IDENTITY (INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s)',
      case a.attidentity when 'a' then 'ALWAYS' else 'BY DEFAULT' end, s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
      case when s.seqcycle then ' CYCLE' else '' end)) order by a.attnum), '[]')
  from pg_attribute a join pg_depend d on d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
    and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype = 'i'
  join pg_sequence s on s.seqrelid = d.objid where a.attrelid = c.oid and a.attidentity <> ''`

const FORM = `select ${OWN_MARK} (${RULES}) as rules, (${INDEXES}) as indexes, (${IDENTITIES}) as identities,
    array(select p.pubname::text from pg_publication_tables p where (p.schemaname, p.tablename) = (n.nspname, c.relname) order by 1) as publications,
    array_remove(array[
      (select 'triggers (' || string_agg(t.tgname, ', ' order by t.tgname) || ')' from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal),
      case when c.relrowsecurity or exists (select from pg_policy where polrelid = c.oid) then 'row security and its policies' end,
      case when c.relreplident <> 'd' then 'replica identity' end], null) as besides
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $1::oid`

/** Reads it in `inReadOnly`, where names come out in full. @throws the server's error. */
export async function readForm(session: Queryable, oid: number): Promise<TableForm> {
  const { rows } = await session.query(FORM, [oid])
  return rows[0] as unknown as TableForm
}
