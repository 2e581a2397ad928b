import type { DefinedObject, ObjectKind } from './catalog.ts'
import type { Differences } from './differences.ts'
import { type Ground, PLACE } from './draft.ts'

/** What is made from its definition by one statement, with the phase and place it is made in. */
const MADE: Partial<Record<ObjectKind, [made: 'expand' | 'switch', gone: 0 | 1 | 2 | 3 | 4]>> = {
  function: ['expand', PLACE.last],
  statistics: ['expand', PLACE.early],
  trigger: ['switch', PLACE.early],
  view: ['switch', PLACE.early],
  'materialized view': ['switch', PLACE.early],
}

/** Views, functions, triggers and the like; `elsewhere` tells those that another recipe made anew. */
export function planObjects(
  { draft }: Ground,
  { objects }: Differences,
  elsewhere: (name: string) => boolean,
): void {
  for (const { from, to } of objects) {
    const { kind, name } = (to ?? from)!
    if (kind === 'view' && elsewhere(name)) continue
    const made = MADE[kind]
    if (made === undefined || (kind === 'materialized view' && from && to)) {
      draft.leave(
        `${kind} ${name}`,
        'it is read but not planned',
        'change it by a statement of your own, between the phases',
      )
      continue
    }
    const verb = from === undefined ? 'add' : to === undefined ? 'drop' : 'change'
    draft.change(`${verb}-${kind.replaceAll(' ', '-')}`, name, undefined, `${kind} ${name}: ${verb}`)
    if (to === undefined) {
      draft.statement(
        'contract',
        { about: `${kind} ${name} is not used any more`, sql: from!.drop, rollback: defined(from!) },
        made[1],
      )
    } else if (from === undefined) {
      draft.statement(
        made[0],
        { about: `${kind} ${name} is new`, sql: defined(to), rollback: to.drop },
        made[0] === 'expand' ? PLACE.early : PLACE.late,
      )
    } else {
      const anew = kind === 'function' ? ['', ''] : [`${from.drop}\n`, `${to.drop}\n`]
      draft.statement(
        'switch',
        {
          about: `${kind} ${name} as it shall be`,
          sql: `${anew[0]}${defined(to)}`,
          rollback: `${anew[1]}${defined(from)}`,
        },
        PLACE.late,
      )
      if (kind === 'view') draft.notes.push(`${name} is made anew: grants on it must be given again`)
    }
  }
}

/** A function's body may name what only comes later: it is looked at when it is called. */
function defined({ kind, definition }: DefinedObject): string {
  return kind === 'function' ? `SET LOCAL check_function_bodies = off;\n${definition}` : definition
}
