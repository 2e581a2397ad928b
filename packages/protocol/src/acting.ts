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
