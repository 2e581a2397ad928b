import { digestText } from '@esa/protocol'
import { quoteIdentifier } from '../sql/identifiers.ts'

/** Longest identifier PostgreSQL keeps, in bytes (NAMEDATALEN - 1); it cuts longer ones silently. */
const IDENTIFIER_BYTES_MAX = 63

/** Characters of the digest that keeps a shortened name unique. */
const DIGEST_CHARS = 8

/** `schema.relation`, unquoted, as SQL. Only the first dot divides: the planner refuses schemas with a dot of their own. */
export function quoteDotted(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0
    ? quoteIdentifier(name)
    : `${quoteIdentifier(name.slice(0, dot))}.${quoteIdentifier(name.slice(dot + 1))}`
}

/** `name` with a suffix of ours; one too long is cut and marked by its digest. */
export function nameWith(name: string, suffix: string): string {
  if (Buffer.byteLength(name + suffix) <= IDENTIFIER_BYTES_MAX) return name + suffix
  const tail = `_${digestText(name).slice(0, DIGEST_CHARS)}${suffix}`
  let head = name
  while (Buffer.byteLength(head + tail) > IDENTIFIER_BYTES_MAX) head = head.slice(0, -1)
  return head + tail
}

/** The name under which the new shape lives until the switch. */
export function newName(name: string): string {
  return nameWith(name, '_esa_new')
}

/** The name under which the old shape lives from the switch to the contract phase. */
export function oldName(name: string): string {
  return nameWith(name, '_esa_old')
}

/** The same relation under another name. */
export function sibling(relation: string, name: string): string {
  return `${relation.slice(0, relation.indexOf('.') + 1)}${name}`
}

/** The part of `schema.name` after the schema. */
export function bareName(relation: string): string {
  return relation.slice(relation.indexOf('.') + 1)
}
