/** One fault that the properties must find: a text of one file, and what stands there instead. */
export interface Mutant {
  name: string
  file: string
  pattern: string
  replacement: string
  /** Another mutant that is planted along with this one: the neighbouring guard, which would mask it. */
  with?: string
}

/** A mutant and those planted along with it. */
export function planted(name: string, mutants: readonly Mutant[]): Mutant[] {
  const mutant = mutants.find((one) => one.name === name)
  if (mutant === undefined) throw new RangeError(`there is no mutant "${name}"`)
  return [mutant, ...(mutant.with === undefined ? [] : planted(mutant.with, mutants))]
}

/** The source with the mutant in it. @throws RangeError unless its pattern is there exactly once, so that no mutant can rot. */
export function mutate(source: string, { name, file, pattern, replacement }: Mutant): string {
  const parts = source.split(pattern)
  if (parts.length === 2) return parts.join(replacement)
  throw new RangeError(`mutant "${name}": its pattern is ${parts.length - 1} times in ${file}, not once`)
}
