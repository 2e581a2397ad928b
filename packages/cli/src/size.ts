import { EsaError } from '@esa/protocol'

/** As PostgreSQL counts: a MB is 1024 kB. */
const BYTES_OF: Record<string, number> = { '': 1, b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40 }

/** A size flag in bytes. @throws EsaError `usage.size` (terminal). */
export function sizeFlag(flag: string, text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? []
  const bytes = Number(number) * (BYTES_OF[unit.toLowerCase()] ?? Number.NaN)
  if (number !== '' && bytes >= 1) return Math.floor(bytes)
  throw new EsaError('usage.size', 'terminal', `${flag} ${text} is not a size`, { hint: 'like 145MB or 2GB' })
}

/** Bytes for people: `145 MB`. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10))
  const value = bytes / 2 ** (10 * power)
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}
