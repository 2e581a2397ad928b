import { EsaError } from './errors.ts'

/** How a log names a person who acted with a token. */
export function tokenedBy(person: string, tokenId: string): string {
  return `${person} (token ${tokenId})`
}

const TOKENED = /^(.*) \(token [^()]*\)$/

/** The person of a recorded `by`, and whether a token vouched for them; a name alone is what an operating system says. */
export function personOf(by: string): { person: string; tokened: boolean } {
  const person = TOKENED.exec(by)?.[1]
  return person === undefined ? { person: by, tokened: false } : { person, tokened: true }
}

/** The id of the token in a recorded `by`; null where none vouched. */
export function tokenIdOf(by: string): string | null {
  return / \(token ([^()]*)\)$/.exec(by)?.[1] ?? null
}

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
