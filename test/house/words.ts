import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { parseSync, Visitor } from 'oxc-parser'
import { ROOT, type SourceFile, sourceFiles } from './source-files.ts'

/** A piece of text that people read: from a string, a comment, JSX or Markdown. `start` is its offset in the file. */
interface Prose {
  text: string
  start: number
}

/** A word to avoid, where it was found; lines count from 1. */
export interface WordFound {
  word: string
  path: string
  line: number
  text: string
}

/** The data of test/house/words.json: how often each word may still occur, and phrases in which it is right. */
export interface WordLimits {
  words: Record<string, number>
  allowed: string[]
}

/** The words that the style guide of CONTRIBUTING.md avoids, by name. */
const WORDS: Record<string, RegExp> = {
  ...Object.fromEntries(
    ['nobody', 'whoever', 'somebody', 'everybody', 'anew', 'shall', 'bears', 'stands', 'told', 'asked'].map(
      // Not as a part of a name: approval.asked, the-ceo-is-told.
      (word) => [word, new RegExp(`(?<![\\w.-])${word}(?![\\w-]|\\.\\w)`, 'gi')],
    ),
  ),
  'for good': /\bfor good\b/gi,
  'no … any more': /\bno\b[^.;:]{1,60}?\bany ?more\b/gi,
  'is no …': /(?<!\bthere )\b(?:is|are|was|were) no(?= \w)(?! longer)/gi,
  'that there is': /\bthat there (?:is|are)\b/gi,
  'of which': /\bof which\b/gi,
}

/** Every word to avoid in the given file, except within an allowed phrase. Names between backticks are not prose. */
export function wordsIn({ path, text }: SourceFile, allowed: readonly string[]): WordFound[] {
  const patterns = Object.entries(WORDS)
  if (!patterns.some(([, pattern]) => text.search(pattern) >= 0)) return []
  const prose = path.endsWith('.md') ? proseOfMarkdown(text) : proseOfCode(path, text)
  return prose.flatMap((piece) => {
    const read = allowed.reduce(
      (rest, phrase) => rest.replaceAll(phrase, '·'.repeat(phrase.length)),
      piece.text,
    )
    return patterns.flatMap(([word, pattern]) =>
      [...read.matchAll(pattern)].map(({ index }) => {
        const at = piece.start + index
        const line = text.slice(0, at).split('\n').length
        return { word, path, line, text: text.split('\n')[line - 1]!.trim() }
      }),
    )
  })
}

/** Words to avoid in the whole repository. Generated pages are left out: their text is the source's. */
export function wordsOfRepository(allowed: readonly string[]): WordFound[] {
  return sourceFiles('**/*.{ts,tsx,mts,md}')
    .filter(({ path }) => !path.startsWith('docs/reference/') && path !== 'docs/rules.md')
    .filter(({ path }) => !path.startsWith('test/house/words'))
    .flatMap((file) => wordsIn(file, allowed))
}

/** The ratchet, as committed. */
export function wordLimits(): WordLimits {
  return JSON.parse(readFileSync(join(ROOT, 'test/house/words.json'), 'utf8')) as WordLimits
}

/** How often each word occurs; a word that does not has 0. */
export function countWords(found: readonly WordFound[]): Record<string, number> {
  const counts = Object.fromEntries(Object.keys(WORDS).map((word) => [word, 0]))
  for (const { word } of found) counts[word]! += 1
  return counts
}

function proseOfCode(path: string, text: string): Prose[] {
  const { program, comments, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path} does not parse: ${errors[0].message}`)
  const found = comments.map(({ start, end }) => ({ text: withoutNames(text.slice(start, end)), start }))
  const add = ({ start, end }: { start: number; end: number }): void => {
    const piece = text.slice(start, end)
    // One word is a key, an event type or a value; a sentence has spaces.
    if (/\s/.test(piece.trim())) found.push({ text: piece, start })
  }
  new Visitor({
    Literal: (node) => {
      if (typeof node.value === 'string') add(node)
    },
    TemplateLiteral: (node) => {
      if (node.quasis.some(({ value }) => /\s/.test(value.raw))) {
        for (const quasi of node.quasis)
          found.push({ text: text.slice(quasi.start, quasi.end), start: quasi.start })
      }
    },
    JSXText: add,
  }).visit(program)
  return found
}

/** A comment with what it quotes between backticks blanked, so that offsets stay. */
function withoutNames(comment: string): string {
  return comment.replaceAll(/`[^`\n]*`/g, (name) => ' '.repeat(name.length))
}

type Node = ReturnType<typeof fromMarkdown> | ReturnType<typeof fromMarkdown>['children'][number]

function proseOfMarkdown(text: string): Prose[] {
  const walk = (node: Node): Prose[] => {
    if ('children' in node) return node.children.flatMap((child) => walk(child as Node))
    const { start, end } = node.position!
    return node.type === 'text' ? [{ text: text.slice(start.offset, end.offset), start: start.offset! }] : []
  }
  return walk(fromMarkdown(text))
}
