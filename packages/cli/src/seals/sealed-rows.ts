import { hash as digest } from 'node:crypto'
import { canonicalJson } from '@esa/protocol'
import type { SealedRow } from '@esa/store/sealed-log'
import type { SealedRowEntry } from './seal.ts'

/**
 * The columns of a token that never change, by version. A new column begins a new version, and the old ones stay: what was
 * sealed by an older version is still compared by it, and sealed again by the newest.
 */
const TOKEN_COLUMNS: Record<number, readonly string[]> = {
  1: ['id', 'hash', 'holder', 'person', 'scopes', 'created_at', 'created_by', 'expires_at'],
}

const NEWEST = Math.max(...Object.keys(TOKEN_COLUMNS).map(Number))

/** A token as it is sealed now. */
export function sealedToken(row: SealedRow): SealedRowEntry {
  return [String(row['id']), digestOf(row, NEWEST), row['revoked_at'] as number | null]
}

/** What became of a sealed token: nothing (null), what may happen to one (the entry that holds now), or a fault. */
export function compareToken(
  sealed: SealedRowEntry,
  row: SealedRow,
): SealedRowEntry | { why: string } | null {
  const [, before, revokedAt] = sealed
  const version = Number(before.split(':')[0])
  if (TOKEN_COLUMNS[version] === undefined)
    return { why: `the token was sealed by columns that this version does not know (${version})` }
  if (digestOf(row, version) !== before) return { why: 'the token is not the one that was sealed' }
  if (revokedAt !== null && row['revoked_at'] !== revokedAt)
    return { why: 'the token was revoked, and its revocation was changed' }
  const now = sealedToken(row)
  return now[1] === before && now[2] === revokedAt ? null : now
}

function digestOf(row: SealedRow, version: number): string {
  const columns = TOKEN_COLUMNS[version]!.map((column) => [column, row[column] ?? null])
  return `${version}:${digest('sha256', canonicalJson(columns))}`
}
