import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type AgentCard, buildDirectory, decodeCard, type Directory, parseCard, type Problem } from '@esa/org'
import { EsaError } from '@esa/protocol'
import { PROJECT_ROOT } from './project-root.ts'

/** The organisation as its cards describe it, and whatever is wrong with them. */
export interface LoadedOrg {
  directory: Directory
  problems: Problem[]
}

/** Cards and what could not be read in them; paths are reported as given, relative ones are read under `root`. */
export async function readCards(
  files: string[],
  root: string,
): Promise<{ cards: AgentCard[]; problems: Problem[] }> {
  const read = await Promise.all(files.map((file) => readCard(file, root)))
  return {
    cards: read.flatMap(({ card }) => (card === null ? [] : [card])),
    problems: read.flatMap(({ problems }) => problems),
  }
}

/** Reads every card of this checkout. */
export async function loadOrg(): Promise<LoadedOrg> {
  const files = globSync('agents/*/*/card.md', { cwd: PROJECT_ROOT }).toSorted()
  const { cards, problems } = await readCards(files, PROJECT_ROOT)
  return { directory: buildDirectory(cards), problems }
}

/** The organisation, refused when a card of it cannot be read. @throws EsaError `card.unreadable` (terminal). */
export async function requireOrg(): Promise<Directory> {
  const { directory, problems } = await loadOrg()
  const first = problems.find(({ severity }) => severity === 'error')
  if (first === undefined) return directory
  const { file, line, column, code, message, hint } = first
  throw new EsaError('card.unreadable', 'terminal', `${file}:${line}:${column} ${code} ${message}`, {
    hint: hint ?? 'see all problems with: esa org check',
  })
}

async function readCard(
  file: string,
  root: string,
): Promise<{ card: AgentCard | null; problems: Problem[] }> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(resolve(root, file))
  } catch (cause) {
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${file}`, {
      cause,
      hint: 'check the path and its rights',
    })
  }
  const { source, problems } = decodeCard(file, bytes)
  if (source === null) return { card: null, problems }
  const parsed = parseCard(source)
  return { card: parsed.agent, problems: [...problems, ...parsed.problems] }
}
