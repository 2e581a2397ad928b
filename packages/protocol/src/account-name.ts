import { EsaError } from './errors.ts'

/** Longest name of an account: it is recorded beside everything that it does, letters. */
const NAME_MAX = 100

/** Scripts whose letters look like those of another one: a name is written in one of them. */
const SCRIPTS = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u]

/** True for a name that people can read and tell from others: no controls, no brackets, letters of one script. */
export function isAccountName(name: string): boolean {
  const scripts = SCRIPTS.filter((script) => script.test(name.normalize('NFKC')))
  return /^[^()\p{C}]+$/u.test(name) && /\S/u.test(name) && name.length <= NAME_MAX && scripts.length <= 1
}

/** A name as it is compared: NFKC, without case, with single spaces. Two that look alike have the same. */
export function nameLabel(name: string): string {
  const folded = name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
  return folded.replaceAll(/\s+/gu, ' ').trim()
}

/** @throws EsaError `usage.person` (terminal). */
export function requireAccountName(name: string): void {
  if (isAccountName(name)) return
  throw new EsaError(
    'usage.person',
    'terminal',
    `a name has at most ${NAME_MAX} letters, of one script, and no brackets`,
  )
}
