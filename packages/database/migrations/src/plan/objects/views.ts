import { quoteDotted } from '@esa/database-catalog'
import type { Ground } from '../model/draft.ts'
import { keepComments, restoreComments } from './comments.ts'
import { keepRights, restoreRights } from './rights.ts'

/** Views over a relation, and views over those, in the order in which they can be made. */
const DEPENDENT = `with recursive over as (
    select r.ev_class as oid, 1 as depth from pg_depend d join pg_rewrite r on r.oid = d.objid
      where d.classid = 'pg_rewrite'::regclass and d.refobjid = $1::regclass and r.ev_class <> $1::regclass
    union
    select r.ev_class, depth + 1 from over join pg_depend d on d.refobjid = over.oid
      join pg_rewrite r on r.oid = d.objid where d.classid = 'pg_rewrite'::regclass and r.ev_class <> over.oid and depth < 20)
  select n.nspname || '.' || c.relname as name, c.relkind as kind, max(depth) as depth
  from over join pg_class c on c.oid = over.oid join pg_namespace n on n.oid = c.relnamespace group by 1, 2 order by 3, 1`

/** A view that must be recreated around a change: how it is dropped, and its old and new form. */
export interface DependentView {
  name: string
  drop: string
  from: string
  to: string
}

/** The views over a table, with the rights they have. Materialized ones are left: recreating them means computing them. */
export async function dependentViews(ground: Ground, relation: string): Promise<DependentView[]> {
  const { rows } = await ground.source.query(DEPENDENT, [quoteDotted(relation)])
  const views: DependentView[] = []
  for (const [nth, { name, kind }] of (rows as { name: string; kind: string }[]).entries()) {
    const [was, shall] = [ground.from, ground.to].map(({ objects }) =>
      objects.find((one) => one.name === name && one.kind === 'view'),
    )
    if (kind !== 'v' || was === undefined) {
      ground.draft.leave(
        `materialized view ${name}`,
        `it is over ${relation}, which changes under it`,
        'drop it before, make it again afterwards',
      )
      continue
    }
    const withComments = (definition: string): string =>
      `${definition}\n${restoreRights(name, nth)}\n${restoreComments(name, nth)}`
    views.push({
      name,
      drop: `${keepRights(name, nth)}\n${keepComments(name, nth)}\n${was.drop}`,
      from: withComments(was.definition),
      to: withComments(shall?.definition ?? was.definition),
    })
  }
  return views
}
