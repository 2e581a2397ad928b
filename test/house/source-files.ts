import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, type Program, Visitor } from 'oxc-parser'

export const ROOT = join(import.meta.dirname, '../..')

/** A file of the repository: `path` from the root with forward slashes, `text` as it lies on disk. */
export interface SourceFile {
  path: string
  text: string
}

// Folders that are produced, not written. A recursive readdir would follow pnpm's links for many seconds.
const PRODUCED = new Set(['node_modules', '.git', '.turbo', '.esa', 'dist'])
const GENERATED = join(ROOT, 'packages/store/migrations')

/** Every written file that matches the pattern, in path order; installed and generated files are left out. */
export function sourceFiles(pattern: string): SourceFile[] {
  return globSync(pattern, {
    cwd: ROOT,
    withFileTypes: true,
    exclude: ({ name, parentPath }) => PRODUCED.has(name) || join(parentPath, name) === GENERATED,
  })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

/** What the rules of the house ask of one TypeScript file; lines count from 1. */
export interface SourceFacts {
  imports: { specifier: string; line: number }[]
  functions: { line: number; lines: number }[]
  exportAll: number[]
}

/**
 * Reads a file's facts from its syntax tree: static, type-only and dynamic imports, re-exports, function lengths.
 * A dynamic import whose target is not a literal has the specifier ''.
 */
export function factsOf({ path, text }: SourceFile): SourceFacts {
  const known = FACTS.get(path)
  if (known?.text === text) return known.facts
  const { program, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path} does not parse: ${errors[0].message}`)
  const facts = collect(program, lineOf(text))
  FACTS.set(path, { text, facts })
  return facts
}

/** Several rules read every file: it is parsed once. */
const FACTS = new Map<string, { text: string; facts: SourceFacts }>()

/** The line of an offset, from 1. */
function lineOf(text: string): (offset: number) => number {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index)
  return (offset) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ends[middle]! < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

function collect(program: Program, lineAt: (offset: number) => number): SourceFacts {
  const facts: SourceFacts = { imports: [], functions: [], exportAll: [] }
  const imported = (node: { start: number }, source: unknown): void => {
    const literal = source as { value?: unknown } | null
    if (!literal) return
    const specifier = typeof literal.value === 'string' ? literal.value : ''
    facts.imports.push({ specifier, line: lineAt(node.start) })
  }
  const measured = (node: { start: number; end: number }): void => {
    const line = lineAt(node.start)
    facts.functions.push({ line, lines: lineAt(node.end) - line + 1 })
  }
  new Visitor({
    ImportDeclaration: (node) => imported(node, node.source),
    ExportNamedDeclaration: (node) => imported(node, node.source),
    ExportAllDeclaration: (node) => {
      imported(node, node.source)
      facts.exportAll.push(lineAt(node.start))
    },
    ImportExpression: (node) => imported(node, node.source),
    TSImportType: (node) => imported(node, node.source),
    FunctionDeclaration: measured,
    FunctionExpression: measured,
    ArrowFunctionExpression: measured,
  }).visit(program)
  return facts
}
