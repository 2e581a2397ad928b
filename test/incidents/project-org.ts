import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AgentCard, buildDirectory, decodeCard, type Directory } from '@esa/org'
import { parseCard } from '@esa/org/cards'

const ROOT = join(import.meta.dirname, '../..')

const texts = globSync('agents/*/*/card.md', { cwd: ROOT })
  .toSorted()
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))

/** The organization of this project's own cards; `edit` may change a card's text as it is read. */
export function projectOrg(edit: (file: string, text: string) => string = (_, text) => text): Directory {
  return buildDirectory(texts.flatMap(({ file, text }) => cardOf(file, edit(file, text))))
}

function cardOf(file: string, text: string): AgentCard[] {
  const { source } = decodeCard(file, new TextEncoder().encode(text))
  const agent = source === null ? null : parseCard(source).agent
  return agent === null ? [] : [agent]
}
