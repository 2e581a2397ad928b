import { quoteIdentifier } from '@esa/database-catalog/sql'
import { quoteDotted } from '@esa/database-catalog'
import type { Column } from '../model/catalog.ts'
import type { Ground } from '../model/draft.ts'
import { takes } from '../model/trial.ts'

/** How values of a column become those of its new type, and back. Each takes the name of a column or field. */
export interface CarryOver {
  to: (value: string) => string
  back: ((value: string) => string) | null
  /** True when both are the same words under two types that cannot be compared. */
  asText: boolean
  /** True when no value can make `to` fail. */
  total: boolean
}

/** Widths of the integers, for those casts that can overflow. */
export const INTEGERS: Record<string, [width: number, least: string, most: string]> = {
  smallint: [2, '-32768', '32767'],
  integer: [4, '-2147483648', '2147483647'],
  bigint: [8, '-9223372036854775808', '9223372036854775807'],
}

/** A type that both schemas call alike but that has other values: its new form under another name. */
export interface TypeInTransit {
  /** `schema.type` as it is, and as the new one is called until the switch. */
  name: string
  transit: string
}

/** The new type of a column as it is called before the switch. */
export function transitType(column: Column, changed: readonly TypeInTransit[]): string {
  const found = changed.find(({ name }) => isOf(column.type, name))
  if (found === undefined) return column.type
  return `${quoteDotted(found.transit)}${column.type.endsWith('[]') ? '[]' : ''}`
}

/** True for the type itself and for arrays of it. */
export function isOf(type: string, name: string): boolean {
  const plain = type.endsWith('[]') ? type.slice(0, -2) : type
  return plain === name || plain === quoteDotted(name) || plain.replaceAll('"', '') === name
}

/** How a column is carried over; undefined when the server knows no way and no hint says one. */
export async function carryOver(
  { source, hints }: Pick<Ground, 'source' | 'hints'>,
  place: string,
  from: Column,
  to: Column,
  changed: readonly TypeInTransit[],
): Promise<CarryOver | undefined> {
  const hint = hints.using.get(place)
  const target = transitType(to, changed)
  if (hint !== undefined) {
    // The expressions name the column; the new one is a field that is called like it.
    const over = (expression: string) => (value: string) =>
      `(SELECT (${expression}) FROM (SELECT ${value} AS ${quoteIdentifier(from.name)}) AS v)`
    return {
      to: over(hint.to),
      back: hint.back === undefined ? null : over(hint.back),
      asText: false,
      total: false,
    }
  }
  if (changed.some(({ name }) => isOf(to.type, name))) return throughText(target)
  const casts = async (a: string, b: string): Promise<boolean> => takes(source, `(null::${a})::${b}`)
  if (!(await casts(from.type, target))) return undefined
  const [narrow, wide] = [INTEGERS[from.type], INTEGERS[target]]
  const back = (await casts(target, from.type)) ? (value: string) => `${value}::${from.type}` : null
  return {
    to: (value) => `${value}::${target}`,
    // After the switch a value may be written that the old type cannot hold: there the old column has none.
    back:
      narrow && wide && narrow[0] < wide[0]
        ? (value) =>
            `CASE WHEN ${value} BETWEEN ${narrow[1]} AND ${narrow[2]} THEN ${value}::${from.type} END`
        : back,
    asText: false,
    total: target === 'text' || Boolean(narrow && wide && narrow[0] <= wide[0]),
  }
}

/** The labels are the same words; on assignment the server makes labels of them, whatever the old type is called then. */
function throughText(to: string): CarryOver {
  const text = to.endsWith('[]') ? 'text[]' : 'text'
  return {
    to: (value) => `${value}::${text}::${to}`,
    back: (value) => `${value}::${text}`,
    asText: true,
    total: false,
  }
}
