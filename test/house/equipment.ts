import { dirname, join } from 'node:path'
import { isEquipment, type Manifest } from './arrows.ts'
import { factsOf, type SourceFile } from './source-files.ts'

/** A package as the imports see it: where it lies, and which file each entry of it is. */
export interface Package {
  folder: string
  exports: NonNullable<Manifest['exports']>
}

/** Each file of a `src` that only tests import: it is equipment, and belongs into its package's `testing`. */
export function equipmentInSource(
  files: readonly SourceFile[],
  packages: ReadonlyMap<string, Package>,
): string[] {
  const importers = new Map<string, string[]>()
  for (const file of files) {
    for (const { specifier } of factsOf(file).imports) {
      const target = targetOf(file.path, specifier, packages)
      if (target !== undefined) importers.set(target, [...(importers.get(target) ?? []), file.path])
    }
  }
  return files
    .map(({ path }) => path)
    .filter((path) => path.includes('/src/') && !/\.test\.tsx?$/.test(path))
    .filter((path) => importers.get(path)?.every(isEquipment))
    .map((path) => `${path}  is imported by tests only: move it to testing/`)
}

/** The file that an import means, from the root; undefined for a library. */
function targetOf(
  from: string,
  specifier: string,
  packages: ReadonlyMap<string, Package>,
): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(from), specifier)
  const [scope, name, ...rest] = specifier.split('/')
  const owner = packages.get(`${scope}/${name}`)
  const entry = owner?.exports[['.', ...rest].join('/')]
  return owner && entry !== undefined ? join(owner.folder, entry) : undefined
}
