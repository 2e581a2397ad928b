import type { Queryable } from '@esa/database-catalog/sql'
import { options } from '@esa/database-catalog'
import { restoredRights } from '../../plan/objects/rights.ts'
import { readInFull } from '../opaque/full-names.ts'

const VIEW = `select c.oid::regclass::text as name, format('create view %s%s as %s', c.oid::regclass, ${options('c.reloptions')},
    rtrim(pg_get_viewdef(c.oid), ';')) as definition,
  c.relowner::regrole::text as owner, c.relacl::text as rights,
  exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)
    or exists (select from pg_rewrite r where r.ev_class = c.oid and r.rulename <> '_RETURN')
    or exists (select from pg_attribute a where a.attrelid = c.oid and a.attacl is not null) as more,
  array(select format('alter view %s alter column %I set default %s', c.oid::regclass, a.attname, pg_get_expr(d.adbin, c.oid))
      from pg_attribute a join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum where a.attrelid = c.oid order by a.attnum)
    || array(select format('comment on %s is %L', case d.objsubid when 0 then format('view %s', c.oid::regclass)
        else format('column %s.%I', c.oid::regclass, a.attname) end, d.description)
      from pg_description d left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid
      where d.classoid = 'pg_class'::regclass and d.objoid = c.oid order by d.objsubid) as also
  from pg_class c where c.oid = $1 and c.relkind = 'v'`

/**
 * What makes a view again as it is, with its options, owner and rights; null where it has triggers, rules or rights of
 * single columns besides.
 */
export async function viewBefore(session: Queryable, oid: string): Promise<string | null> {
  const [view] = await readInFull(session, VIEW, [oid])
  if (view === undefined || view['more'] === true) return null
  const { name, definition, also, owner, rights } = view as Record<
    'name' | 'definition' | 'owner',
    string
  > & {
    also: string[]
    rights: string | null
  }
  return [definition, ...also, restoredRights(name, owner, rights)].join(';\n')
}
