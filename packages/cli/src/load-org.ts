import { globSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
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

/** Reads every card of this checkout, or of another root. A card behind a symbolic link is refused: it may lead anywhere. */
export async function loadOrg(root = PROJECT_ROOT): Promise<LoadedOrg> {
  const found = globSync('agents/*/*/card.md', { cwd: root }).toSorted()
  const base = await realpath(root)
  const real = await Promise.all(found.map((file) => realpath(join(root, file)).catch(() => null)))
  const own = found.filter((file, i) => real[i] === join(base, file))
  const linked = found.filter((file) => !own.includes(file)).map(linkProblem)
  const { cards, problems } = await readCards(own, root)
  return { directory: buildDirectory(cards), problems: [...linked, ...problems] }
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

function linkProblem(file: string): Problem {
  const message = 'the card lies behind a symbolic link'
  const hint = 'Put the card itself into the tree.'
  return { file, line: 1, column: 1, severity: 'error', code: 'card.symlink', message, hint }
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
