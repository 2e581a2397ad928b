import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { canonicalJson } from './json.ts'

/** Lower-case hex SHA-256 of a text's UTF-8 bytes. */
export function digestText(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)))
}

/** Lower-case hex SHA-256 of a value's canonical JSON: equal for equal values, whatever their key order. */
export function digestJson(value: unknown): string {
  return digestText(canonicalJson(value))
}

/**
 * What an approval of an SQL statement is bound to: the SHA-256 of its text as it will run, without the blanks and the
 * semicolon around it. Source: docs/layer-1/authority.md.
 */
export function statementHash(statement: string): string {
  return digestText(statement.trim().replace(/;\s*$/, '').trimEnd())
}
