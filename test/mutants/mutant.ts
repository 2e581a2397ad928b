/** One fault that the properties must find: a text of one file, and its replacement. */
export interface Mutant {
  name: string
  file: string
  pattern: string
  replacement: string
}

/** The mutants of a name, or of several joined by `+`. @throws RangeError for a name that is none. */
export function planted(names: string, mutants: readonly Mutant[]): Mutant[] {
  return names.split('+').map((name) => {
    const mutant = mutants.find((one) => one.name === name)
    if (mutant === undefined) throw new RangeError(`there is no mutant "${name}"`)
    return mutant
  })
}

/** The source with the mutant in it. @throws RangeError unless its pattern is there exactly once, so that no mutant can rot. */
export function mutate(source: string, { name, file, pattern, replacement }: Mutant): string {
  const parts = source.split(pattern)
  if (parts.length === 2) return parts.join(replacement)
  throw new RangeError(`mutant "${name}": its pattern is ${parts.length - 1} times in ${file}, not once`)
}
