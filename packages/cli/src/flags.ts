import { userInfo } from 'node:os'
import { EsaError, parseDuration } from '@esa/protocol'

/** A duration flag in ms. @throws EsaError `usage.duration` (terminal). */
export function durationFlag(flag: string, text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new EsaError('usage.duration', 'terminal', `${flag} ${text} is not a duration`, {
    hint: 'like 45s, 30m, 2h or 1d',
  })
}

/** Who runs this command on this machine; recorded beside `--as`. */
export function osUser(): string {
  return userInfo().username
}
