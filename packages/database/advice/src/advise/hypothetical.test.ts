import { expect, it } from 'vitest'
import type { Queryable } from '@esa/database-catalog/sql'
import type { Candidate, IndexMethod } from './candidate.ts'
import { neverPlanned } from './hypothetical.ts'
import type { TableFacts } from './statements/table-catalog.ts'

const table = { schema: 's', name: 't', kind: 'r' } as TableFacts

const candidate = (column: string, method: IndexMethod = 'btree'): Candidate => ({
  table,
  method,
  keys: [{ operand: { sql: column, column, columns: [column] } }],
  include: [],
  because: '',
  statements: ['q'],
  estimatedBytes: 1,
})

/** A server with HypoPG: an index on column `a` is called `hypo_a`. `taken` are what plans take, given what is built. */
function server(taken: (standing: string[]) => string[], available = true) {
  let standing: string[] = []
  const session: Queryable = {
    query: async (statement, values) => {
      const sql = typeof statement === 'string' ? statement : statement.text
      if (sql.includes('pg_available_extensions')) return { rows: available ? [{}] : [] }
      if (sql.includes('hypopg_reset')) standing = []
      if (!sql.includes('hypopg_create_index')) return { rows: [] }
      const indexname = `hypo_${/\("(\w+)"\)/.exec(String(values?.[0]))?.[1]}`
      standing.push(indexname)
      return { rows: [{ indexname }] }
    },
  }
  return { session, planned: async () => new Set(taken(standing)), standing: () => standing }
}

it('finds what no plan takes, alone or beside the others, and leaves nothing pretended', async () => {
  // b is taken with a beside it; c only while nothing else is built; d never.
  const { session, planned, standing } = server((names) => {
    if (names.length === 1) return names.filter((name) => name === 'hypo_c' || name === 'hypo_a')
    return ['hypo_a', 'hypo_b']
  })
  const [a, b, c, d] = [candidate('a'), candidate('b'), candidate('c'), candidate('d')]
  expect(await neverPlanned(session, [a, b, c, d], planned)).toEqual(new Set([d]))
  expect(standing()).toEqual([])
})

it('judges no index that HypoPG cannot pretend', async () => {
  const { session, planned } = server(() => [])
  expect(await neverPlanned(session, [candidate('a', 'gin'), candidate('b', 'gist')], planned)).toEqual(
    new Set(),
  )
})

it('judges nothing where HypoPG is missing', async () => {
  const { session, planned } = server(() => [], false)
  expect(await neverPlanned(session, [candidate('a')], planned)).toEqual(new Set())
})
