import { hash as digest } from 'node:crypto'
import { canonicalJson } from '@esa/protocol'
import type { SealedRow, SealedTable } from '@esa/store/sealed-log'
import type { SealedRowEntry } from './seal.ts'

/** What is sealed of the rows of a table. */
interface Sealing {
  /** What a row is called. */
  what: string
  /**
   * The columns that never change, by version. A new column begins a new version, and the old ones stay: what was sealed by an
   * older version is still compared by it, and sealed again by the newest.
   */
  versions: Record<number, readonly string[]>
  /** Columns that are set once, from null. */
  once: readonly string[]
}

const SEALINGS: Record<SealedTable, Sealing> = {
  tokens: {
    what: 'token',
    versions: {
      1: ['id', 'hash', 'holder', 'person', 'scopes', 'created_at', 'created_by', 'expires_at', 'minted_by'],
    },
    once: ['revoked_at', 'account'],
  },
  accounts: {
    what: 'account',
    versions: { 1: ['id', 'kind', 'issuer', 'subject', 'display', 'label', 'created_at', 'created_by'] },
    once: [],
  },
}

/** A row as it is sealed now. */
export function sealedRow(table: SealedTable, row: SealedRow): SealedRowEntry {
  const { versions, once } = SEALINGS[table]
  const set = once.flatMap((column) => {
    const value = row[column]
    return typeof value === 'string' || typeof value === 'number' ? [[column, value] as const] : []
  })
  const newest = Math.max(...Object.keys(versions).map(Number))
  return [String(row['id']), digestOf(table, row, newest), Object.fromEntries(set)]
}

/** What became of a sealed row: nothing (null), what may happen to one (the entry that holds now), or a fault. */
export function compareRow(
  table: SealedTable,
  sealed: SealedRowEntry,
  row: SealedRow | undefined,
): SealedRowEntry | { why: string } | null {
  const { what, versions } = SEALINGS[table]
  if (row === undefined) return { why: `the ${what} is gone` }
  const [, before, set] = sealed
  const version = Number(before.split(':')[0])
  if (versions[version] === undefined)
    return { why: `the ${what} was sealed by columns that this version does not know (${version})` }
  if (digestOf(table, row, version) !== before) return { why: `the ${what} is not the one that was sealed` }
  const changed = Object.keys(set).find((column) => row[column] !== set[column])
  if (changed !== undefined) return { why: `${changed} of the ${what} was set, and was changed since` }
  const now = sealedRow(table, row)
  return canonicalJson(now) === canonicalJson(sealed) ? null : now
}

function digestOf(table: SealedTable, row: SealedRow, version: number): string {
  const columns = SEALINGS[table].versions[version]!.map((column) => [column, row[column] ?? null])
  return `${version}:${digest('sha256', canonicalJson(columns))}`
}
