import { type Candidate, entriesBytes, type IndexMethod, widthOf } from './candidate.ts'
import type { Operand, Predicate, TableUse } from './statements/statement-shape.ts'
import type { ColumnFacts } from './statements/table-catalog.ts'

/** Width in bytes from which a hash of a text is worth more than the text: a B-tree would keep it whole. */
const HASH_WIDTH_MIN = 48

/** How well rows must lie in a column's order for BRIN, as pg_stats.correlation has it. */
const BRIN_CORRELATION_MIN = 0.9

/** Pages (8 KB) of a table from which skipping block ranges pays. */
const BRIN_PAGES_MIN = 1_000

/** Pages that one BRIN entry speaks for: a quarter of the default, as the index is tiny and reads get finer. */
const BRIN_PAGES_PER_RANGE = 32

/** Part of a column's bytes that its GIN index takes; measured on texts and documents of ordinary shape. */
const GIN_SHARE = { trigram: 0.9, jsonPath: 0.35, json: 0.8, array: 0.5, words: 0.5 }

interface Search {
  method: IndexMethod
  opclass?: string
  extension?: string
  because: string
  bytes: number
  settings?: string
}

const JSON_PATH = new Set(['@>', '@?', '@@'])
const JSON_KEYS = new Set(['?', '?|', '?&'])
const ARRAY = new Set(['@>', '<@', '&&'])
const SPATIAL = new Set(['point', 'box', 'polygon', 'circle', 'inet', 'cidr'])

function textSearch(use: TableUse, { operator, operand, pattern }: Predicate): Search[] {
  const { rows } = use.table
  const width = widthOf(use.table, operand.columns)
  const found: Search[] = []
  const prefix = pattern === undefined ? '' : (/^[^%_\\]*/.exec(pattern)?.[0] ?? '')
  // Only LIKE with a fixed beginning is a range of a B-tree, and only byte by byte.
  if (operator === '~~' && prefix.length > 0) {
    const because = `${operand.sql} is matched by its beginning`
    found.push({ method: 'btree', opclass: 'text_pattern_ops', because, bytes: entriesBytes(rows, width) })
  }
  if (prefix.length === 0 || operator !== '~~' || pattern?.slice(prefix.length) !== '%') {
    found.push({
      method: 'gin',
      opclass: 'gin_trgm_ops',
      extension: 'pg_trgm',
      because: `${operand.sql} is searched inside (${operator})`,
      bytes: rows * width * GIN_SHARE.trigram,
    })
  }
  return found
}

function jsonSearch(use: TableUse, { operator, operand }: Predicate): Search[] {
  const bytes = use.table.rows * widthOf(use.table, operand.columns)
  if (JSON_PATH.has(operator)) {
    const because = `${operand.sql} is searched for what it contains (${operator})`
    return [{ method: 'gin', opclass: 'jsonb_path_ops', because, bytes: bytes * GIN_SHARE.jsonPath }]
  }
  const because = `${operand.sql} is searched by its keys (${operator})`
  return JSON_KEYS.has(operator) ? [{ method: 'gin', because, bytes: bytes * GIN_SHARE.json }] : []
}

function operatorSearch(use: TableUse, predicate: Predicate, facts: ColumnFacts | undefined): Search[] {
  const { operand, operator } = predicate
  const bytes = use.table.rows * widthOf(use.table, operand.columns)
  if (facts?.base === 'jsonb') return jsonSearch(use, predicate)
  if (facts?.category === 'A' && ARRAY.has(operator)) {
    const because = `the elements of ${operand.sql} are looked for (${operator})`
    return [{ method: 'gin', because, bytes: bytes * GIN_SHARE.array }]
  }
  // to_tsvector over text, or a stored tsvector.
  if (operator === '@@' && (facts === undefined || facts.base === 'tsvector')) {
    return [
      {
        method: 'gin',
        because: `the words of ${operand.sql} are looked for`,
        bytes: bytes * GIN_SHARE.words,
      },
    ]
  }
  if (operator === '%' && (facts === undefined || facts.category === 'S')) {
    const because = `${operand.sql} is compared by likeness`
    return [
      {
        method: 'gin',
        opclass: 'gin_trgm_ops',
        extension: 'pg_trgm',
        because,
        bytes: bytes * GIN_SHARE.trigram,
      },
    ]
  }
  const ranged = facts?.category === 'R' || (facts === undefined && /range\(/i.test(operand.sql))
  if (ranged || SPATIAL.has(facts?.base ?? '')) {
    const inet = facts?.base === 'inet' || facts?.base === 'cidr' ? { opclass: 'inet_ops' } : {}
    const because = `${operand.sql} is searched for what it overlaps or contains (${operator})`
    return [
      {
        method: 'gist',
        ...inet,
        because,
        bytes: entriesBytes(use.table.rows, 2 * widthOf(use.table, operand.columns)),
      },
    ]
  }
  return []
}

function blockRanges(use: TableUse, { operand }: Predicate, facts: ColumnFacts | undefined): Search[] {
  const inOrder = Math.abs(facts?.correlation ?? 0) >= BRIN_CORRELATION_MIN
  if (!inOrder || use.table.pages < BRIN_PAGES_MIN) return []
  const because = `rows lie in the order of ${operand.sql} (correlation ${facts!.correlation.toFixed(2)})`
  const bytes = 24_576 + (use.table.pages / BRIN_PAGES_PER_RANGE) * (2 * facts!.widthBytes + 16)
  return [{ method: 'brin', because, bytes, settings: `pages_per_range = ${BRIN_PAGES_PER_RANGE}` }]
}

function hashed(use: TableUse, { operand }: Predicate, facts: ColumnFacts | undefined): Search[] {
  if (facts?.category !== 'S' || facts.widthBytes < HASH_WIDTH_MIN) return []
  const because = `${operand.sql} is long (${facts.widthBytes} bytes) and only compared for equality`
  return [{ method: 'hash', because, bytes: entriesBytes(use.table.rows, 8) }]
}

function searchesOf(use: TableUse, predicate: Predicate): Search[] {
  const { operand } = predicate
  const facts = operand.column === undefined ? undefined : use.table.columns.get(operand.column)
  if (predicate.use === 'pattern') return textSearch(use, predicate)
  if (predicate.use === 'operator') return operatorSearch(use, predicate, facts)
  if (predicate.use === 'range') return blockRanges(use, predicate, facts)
  return predicate.use === 'equality' || predicate.use === 'join' ? hashed(use, predicate, facts) : []
}

function asCandidate(use: TableUse, operand: Operand, search: Search): Candidate {
  const { method, opclass, extension, because, bytes, settings } = search
  return {
    table: use.table,
    method,
    keys: [{ operand, ...(opclass === undefined ? {} : { opclass }) }],
    include: [],
    ...(settings === undefined ? {} : { settings }),
    ...(extension === undefined ? {} : { extension }),
    because,
    statements: [use.statement],
    estimatedBytes: Math.ceil(bytes),
  }
}

/** A range beside an equality: with btree_gist one GiST index holds both. */
function scoped(use: TableUse, found: Candidate): Candidate[] {
  const equal = use.predicates.find(
    ({ use: kind, operand }) => (kind === 'equality' || kind === 'join') && operand.column !== undefined,
  )
  if (found.method !== 'gist' || !equal) return []
  return [
    {
      ...found,
      keys: [{ operand: equal.operand }, ...found.keys],
      extension: 'btree_gist',
      because: `${found.because}, within one ${equal.operand.sql}`,
      estimatedBytes: found.estimatedBytes + entriesBytes(use.table.rows, 8),
    },
  ]
}

/** Indexes other than plain B-trees for one use of a table: GIN, GiST, BRIN, hash, and B-trees of patterns. */
export function searchCandidates(use: TableUse): Candidate[] {
  return [...use.predicates, ...use.alternatives].flatMap((predicate) =>
    searchesOf(use, predicate).flatMap((search) => {
      const candidate = asCandidate(use, predicate.operand, search)
      return [candidate, ...scoped(use, candidate)]
    }),
  )
}
