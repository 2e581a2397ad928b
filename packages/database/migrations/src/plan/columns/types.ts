import { quoteIdentifier } from '@esa/database-catalog/sql'
import { bareName, newName, oldName, quoteDotted, sibling } from '@esa/database-catalog'
import type { TypeInTransit } from '../objects/carry-over.ts'
import type { EnumType, Sequence } from '../model/catalog.ts'
import { isDown, sequenceSql } from '../objects/counting.ts'
import type { Differences } from '../model/differences.ts'
import { type Ground, PLACE } from '../model/draft.ts'
import { sequencesInChange } from './generation.ts'

/** Schemas, enums and sequences. Gives back the enums that lose labels: their columns need a new type. */
export function planTypes(ground: Ground, { schemas, enums, sequences }: Differences): TypeInTransit[] {
  const { draft } = ground
  for (const { from, to } of schemas) {
    const name = (to ?? from)!
    draft.change(
      to === undefined ? 'drop-schema' : 'add-schema',
      name,
      undefined,
      `schema ${name} is ${to === undefined ? 'dropped' : 'new'}`,
    )
    const [create, drop] = [
      `CREATE SCHEMA ${quoteIdentifier(name)};`,
      `DROP SCHEMA ${quoteIdentifier(name)};`,
    ]
    if (to === undefined)
      draft.statement('contract', { about: 'empty by now', sql: drop, rollback: create }, PLACE.last)
    else draft.statement('expand', { about: 'not in use yet', sql: create, rollback: drop }, PLACE.first)
  }
  const elsewhere = sequencesInChange(ground)
  for (const { from, to } of sequences) if (!elsewhere.has((to ?? from)!.name)) planSequence(ground, from, to)
  return enums.flatMap(({ from, to }) => planEnum(ground, from, to))
}

const labelList = (labels: readonly string[]): string => labels.map(literal).join(', ')

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const createEnum = (type: string, labels: readonly string[]): string =>
  `CREATE TYPE ${quoteDotted(type)} AS ENUM (${labelList(labels)});`

const dropEnum = (type: string): string => `DROP TYPE ${quoteDotted(type)};`

function planEnum({ draft }: Ground, from: EnumType | undefined, to: EnumType | undefined): TypeInTransit[] {
  const name = (to ?? from)!.name
  if (from === undefined) {
    draft.change('add-enum', name, undefined, `enum ${name} is new`)
    draft.statement(
      'expand',
      { about: 'not in use yet', sql: createEnum(name, to!.labels), rollback: dropEnum(name) },
      PLACE.first,
    )
    return []
  }
  if (to === undefined) {
    draft.change('drop-enum', name, undefined, `enum ${name} is dropped`)
    draft.statement(
      'contract',
      { about: 'no column uses it', sql: dropEnum(name), rollback: createEnum(name, from.labels) },
      PLACE.last,
    )
    return []
  }
  const kept = to.labels.filter((label) => from.labels.includes(label))
  if (kept.length < from.labels.length || kept.some((label, n) => label !== from.labels[n]))
    return [replaceEnum(draft, from, to)]
  addLabels(draft, from, to)
  return []
}

/** A new type under a passing name: its columns change hands with it, and the old one goes last. */
function replaceEnum(draft: Ground['draft'], from: EnumType, to: EnumType): TypeInTransit {
  const { name } = to
  const gone = from.labels.filter((label) => !to.labels.includes(label))
  const fresh = to.labels.filter((label) => !from.labels.includes(label))
  const what = gone.length > 0 ? `${name} loses ${gone.join(', ')}` : `the order of ${name} differs`
  draft.change('change-enum', name, undefined, what)
  if (gone.length > 0)
    draft.notes.push(
      `rows and writers must have stopped using ${gone.join(', ')} before the switch: the verification counts them`,
    )
  if (fresh.length > 0)
    draft.notes.push(
      `once a row has ${fresh.join(', ')} of ${name}, the switch cannot be undone: the old type knows no such label`,
    )
  const [transit, old] = [newName, oldName].map((passing) => sibling(name, passing(bareName(name))))
  const about = 'PostgreSQL takes no label away: a new type takes the place'
  draft.statement(
    'expand',
    { about, sql: createEnum(transit!, to.labels), rollback: dropEnum(transit!) },
    PLACE.first,
  )
  draft.statement(
    'contract',
    { about: 'no column uses it', sql: dropEnum(old!), rollback: createEnum(old!, from.labels) },
    PLACE.last,
  )
  return { name, transit: transit! }
}

/** Each label is added at its place; nothing removes it again, and it does no harm while unused. */
function addLabels(draft: Ground['draft'], from: EnumType, to: EnumType): void {
  for (const [n, label] of to.labels.entries()) {
    if (from.labels.includes(label)) continue
    const after = to.labels[n - 1]
    const place =
      after === undefined ? `BEFORE ${literal(to.labels[1] ?? from.labels[0]!)}` : `AFTER ${literal(after)}`
    draft.change('add-label', to.name, label, `${to.name} gets ${label}`)
    draft.statement(
      'expand',
      {
        about:
          'by itself: a transaction that adds a label cannot use it; it cannot be taken away and does no harm',
        sql: `ALTER TYPE ${quoteDotted(to.name)} ADD VALUE IF NOT EXISTS ${literal(label)} ${place};`,
        rollback: null,
        transaction: false,
      },
      PLACE.first,
    )
  }
}

function planSequence(
  { draft, to: goal }: Ground,
  from: Sequence | undefined,
  to: Sequence | undefined,
): void {
  const name = (to ?? from)!.name
  const sequence = quoteDotted(name)
  if (from === undefined) {
    draft.change('add-sequence', name, undefined, `sequence ${name} is new`)
    draft.statement(
      'expand',
      {
        about: 'not in use yet',
        sql: `CREATE SEQUENCE ${sequence} ${sequenceSql(to!)};`,
        rollback: `DROP SEQUENCE ${sequence};`,
      },
      PLACE.first,
    )
    if (to!.ownedBy !== null) own(draft, goal.tables, name, to!.ownedBy)
    return
  }
  if (to === undefined) {
    draft.change('drop-sequence', name, undefined, `sequence ${name} is dropped`)
    draft.statement(
      'contract',
      {
        about: 'its column may have taken it along',
        sql: `DROP SEQUENCE IF EXISTS ${sequence};`,
        rollback: null,
        destructive: true,
      },
      PLACE.last,
    )
    return
  }
  const [was, shall] = [sequenceSql(from), sequenceSql(to)]
  if (isDown(from.counting) !== isDown(to.counting))
    draft.leave(
      `sequence ${name}`,
      'counting the other way it would give the values again that it gave',
      'make another sequence, and let the default draw from it',
    )
  else if (was !== shall) {
    draft.change('change-sequence', name, undefined, `${name}: ${was} -> ${shall}`)
    const alter = (definition: string): string => `ALTER SEQUENCE ${sequence} ${definition};`
    draft.statement(
      'expand',
      {
        about: 'a definition only: no value that was given comes again',
        sql: alter(shall),
        rollback: alter(was),
      },
      PLACE.first,
    )
  }
  if (from.ownedBy !== to.ownedBy && to.ownedBy !== null) own(draft, goal.tables, name, to.ownedBy)
}

function own(draft: Ground['draft'], tables: Ground['to']['tables'], name: string, column: string): void {
  const table = tables.find(({ relation }) => column.startsWith(`${relation}.`))!
  const owner = `${quoteDotted(table.relation)}.${quoteIdentifier(column.slice(table.relation.length + 1))}`
  draft.statement(
    'expand',
    {
      about: 'goes when its column goes',
      sql: `ALTER SEQUENCE ${quoteDotted(name)} OWNED BY ${owner};`,
      rollback: `ALTER SEQUENCE ${quoteDotted(name)} OWNED BY NONE;`,
    },
    PLACE.usual,
  )
}
