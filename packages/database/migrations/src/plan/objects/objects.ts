import type { DefinedObject, ObjectKind } from '../model/catalog.ts'
import type { Differences } from '../model/differences.ts'
import { type Ground, PLACE } from '../model/draft.ts'
import { keepRights, restoreRights } from './rights.ts'

/** What is made from its definition by one statement, with the phase and place it is made in. */
const MADE: Partial<Record<ObjectKind, [made: 'expand' | 'switch', gone: 0 | 1 | 2 | 3 | 4]>> = {
  extension: ['expand', PLACE.last],
  function: ['expand', PLACE.last],
  statistics: ['expand', PLACE.early],
  trigger: ['switch', PLACE.early],
  view: ['switch', PLACE.early],
  'materialized view': ['switch', PLACE.early],
}

/** What must not be dropped and recreated: it would be computed again, or take along what uses it. */
const NEVER_REMADE: ReadonlySet<ObjectKind> = new Set(['materialized view', 'extension'])

/** Views, functions, triggers and the like. */
export function planObjects({ draft }: Ground, { objects }: Differences): void {
  for (const { from, to } of objects) {
    const { kind, name } = (to ?? from)!
    const made = MADE[kind]
    if (made === undefined || (from && to && NEVER_REMADE.has(kind))) {
      draft.leave(
        kind === 'other' ? name : `${kind} ${name}`,
        'it is read but not planned',
        'change it by a statement of your own, between the phases',
      )
      continue
    }
    const verb = from === undefined ? 'add' : to === undefined ? 'drop' : 'change'
    draft.change(`${verb}-${kind.replaceAll(' ', '-')}`, name, undefined, `${kind} ${name}: ${verb}`)
    if (to === undefined) {
      const about = `${kind} ${name} is not used any more`
      draft.statement('contract', { about, sql: from!.drop, rollback: defined(from!) }, made[1])
    } else if (from === undefined) {
      const place = made[0] === 'expand' ? PLACE.early : PLACE.late
      const about = `${kind} ${name} is new`
      draft.statement(
        made[0],
        { about, sql: defined(to), rollback: to.drop },
        kind === 'extension' ? PLACE.first : place,
      )
    } else {
      const about = `the new ${kind} ${name}`
      draft.statement('switch', { about, sql: remade(from, to), rollback: remade(to, from) }, PLACE.late)
    }
  }
}

/** A function is replaced; a view is recreated with its rights. */
function remade(old: DefinedObject, now: DefinedObject): string {
  if (old.kind === 'function') return defined(now)
  if (old.kind !== 'view') return `${old.drop}\n${now.definition}`
  return [keepRights(old.name, 0), old.drop, now.definition, restoreRights(old.name, 0)].join('\n')
}

/** A function's body may name what only comes later: it is looked at when it is called. */
function defined({ kind, definition }: DefinedObject): string {
  return kind === 'function' ? `SET LOCAL check_function_bodies = off;\n${definition}` : definition
}
