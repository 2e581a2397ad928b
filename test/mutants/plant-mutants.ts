import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { type Mutant, mutate } from './mutant.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Plants mutants into what this process imports from here on. Answers with those that are in a module by now. */
export function plant(mutants: readonly Mutant[]): () => string[] {
  const byUrl = Map.groupBy(mutants, ({ file }) => pathToFileURL(join(ROOT, file)).href)
  const grown: string[] = []
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const own = byUrl.get(url)
      if (own === undefined) return loaded
      const text = readFileSync(fileURLToPath(url), 'utf8')
      const source = own.reduce(mutate, text)
      grown.push(...own.map(({ name }) => name))
      return { ...loaded, source }
    },
  })
  return () => grown
}
