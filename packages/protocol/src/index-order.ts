import * as z from 'zod'

/** An identifier of PostgreSQL: at most 63 bytes, and no NUL. */
const identifier = z
  .string()
  .min(1)
  .max(63)
  .refine((name) => !name.includes('\0'))

/** Most columns of an index that an agent may order. Source: PostgreSQL, "Multicolumn Indexes". */
const COLUMNS_MAX = 32

/** The names that make an index: its statement is spelled from them, never taken from a message. */
export const indexNamesSchema = z.object({
  schema: identifier,
  relation: identifier,
  columns: z.array(identifier).min(1).max(COLUMNS_MAX),
  name: identifier,
})
export type IndexNames = z.output<typeof indexNamesSchema>

/** An identifier as SQL text, always in double quotes: case, keywords and quotes inside it are safe. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The statement that builds an index without blocking writes. */
export function createIndexSql({ schema, relation, columns, name }: IndexNames): string {
  const list = columns.map(quoteIdentifier).join(', ')
  return `CREATE INDEX CONCURRENTLY IF NOT EXISTS ${quoteIdentifier(name)} ON ${quoteIdentifier(schema)}.${quoteIdentifier(relation)} (${list})`
}
