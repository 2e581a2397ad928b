import { type Constraint, definitionOf, readCatalog } from '@esa/database-catalog'
import type { Queryable } from '@esa/database-catalog/sql'

/** A constraint of a table; `definition` as ALTER TABLE ... ADD takes it. */
export type Rule = Constraint & { definition: string }

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

const FACETS = ['constraints', 'indexes', 'definitions', 'identities', 'attachments'] as const

type Form = Awaited<ReturnType<typeof readCatalog<(typeof FACETS)[number]>>>['relations'][number]

/** Reads it in `inReadOnly`, where names come out in full. @throws the server's error. */
export async function readForm(session: Queryable, oid: number): Promise<TableForm> {
  const { relations } = await readCatalog(session, { oids: [oid], facets: FACETS })
  const [form] = relations as [Form]
  const { triggers, publications, rowSecurity, replicaIdentity } = form.attachments
  return {
    rules: form.constraints
      .map((rule) => ({ ...rule, definition: definitionOf(form, rule) }))
      .toSorted((a, b) => (a.type < b.type ? -1 : Number(a.type > b.type))),
    indexes: form.indexes
      .filter(({ valid, constrained }) => valid && !constrained)
      .map((index) => ({
        name: index.name,
        unique: index.unique,
        columns: index.columns.filter((name) => name !== null),
        tail: / (USING .*)$/s.exec(definitionOf(form, index))?.[1] ?? '',
      })),
    identities: form.identities.map((identity) => ({
      column: identity.column,
      generated: generatedBy(identity),
      cache: Number(identity.cache),
    })),
    publications,
    besides: [
      triggers.length > 0 && `triggers (${triggers.join(', ')})`,
      rowSecurity && 'row security and its policies',
      replicaIdentity && 'replica identity',
    ].filter((word) => word !== false),
  }
}

function generatedBy({
  always,
  increment,
  min,
  max,
  start,
  cache,
  cycle,
}: Form['identities'][number]): string {
  const counting = `INCREMENT BY ${increment} MINVALUE ${min} MAXVALUE ${max} START WITH ${start} CACHE ${cache}`
  return `GENERATED ${always ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY (${counting}${cycle ? ' CYCLE' : ''})`
}
