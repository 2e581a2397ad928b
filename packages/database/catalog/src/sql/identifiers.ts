import { digestText, quoteIdentifier } from '@esa/protocol'

export { quoteIdentifier } from '@esa/protocol'

/** Longest identifier PostgreSQL keeps, in bytes (NAMEDATALEN - 1); it cuts longer ones silently. */
const IDENTIFIER_BYTES_MAX = 63

/** Characters of the digest that keeps a shortened name unique. */
const DIGEST_CHARS = 8

/** `"schema"."relation"`. */
export function quoteRelation(schema: string, relation: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(relation)}`
}

/** The name PostgreSQL itself would choose, `orders_customer_id_idx`; one too long is cut and marked by its digest. */
export function indexName(relation: string, columns: readonly string[]): string {
  const name = [relation, ...columns, 'idx'].join('_')
  if (Buffer.byteLength(name) <= IDENTIFIER_BYTES_MAX) return name
  const tail = `_${digestText(name).slice(0, DIGEST_CHARS)}_idx`
  let head = name
  while (Buffer.byteLength(head + tail) > IDENTIFIER_BYTES_MAX) head = head.slice(0, -1)
  return head + tail
}
