import { EsaError } from '@esa/protocol'
import { sqlState } from './postgres-error.ts'

/**
 * Classes and codes of errors whose words cannot come from a value: of connections, transactions, rights, resources and
 * the end of a statement. Source: PostgreSQL, appendix A.
 */
const TOLD = /^(?:08|25|26|28|40|53|57)|^(?:21000|42501|54001|55P03)$/

/** What people meet most, in words. Source: PostgreSQL, appendix A. */
const CONDITIONS: Record<string, string> = {
  '22001': 'a value is too long',
  '22003': 'a number is out of range',
  '22007': 'a date or time is not written as one',
  '22008': 'a date or time is out of range',
  '22012': 'division by zero',
  '22023': 'an argument has a value that its function does not take',
  '22P02': 'a text is not written as its type is',
  '22P05': 'a character cannot be translated',
  '2201B': 'a regular expression is not valid',
  '22030': 'a JSON object has a key twice',
  '22032': 'a text is not JSON',
  XX000: 'the server met an internal error',
}

/** Parts of the server's error that say where, and nothing of what. */
const KEPT = ['code', 'position', 'severity'] as const

/**
 * The server's error without its words, where these could hold a value that the role may not read: a cast in a view, or
 * below one, is computed for rows that the view hides. What the server says of the text itself, while it analyses that,
 * stays: such an error has a position, and no context. Detail, hint and context are always left out.
 */
export function withoutValues(error: unknown): unknown {
  const state = sqlState(error)
  // Ours has words of our own.
  if (error instanceof EsaError || state === undefined || !(error instanceof Error)) return error
  const given = error as Error & { position?: unknown; where?: unknown }
  const ofText = given.position !== undefined && given.where === undefined
  const why = CONDITIONS[state] ?? 'a value was refused'
  const message =
    TOLD.test(state) || ofText
      ? given.message
      : `while the statement ran, ${why} (SQLSTATE ${state}); the server’s words may hold a value and are not shown`
  const told = new Error(message)
  for (const key of KEPT) if (key in given) Object.assign(told, { [key]: given[key as keyof typeof given] })
  return told
}
