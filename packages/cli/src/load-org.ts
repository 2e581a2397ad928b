import { globSync } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import {
  type AgentCard,
  buildDirectory,
  byPlace,
  CARD_BYTES_MAX,
  checkDirectory,
  decodeCard,
  type Directory,
  type Problem,
} from '@esa/org'
import { cardError } from '@esa/operations'
import { EsaError } from '@esa/protocol'
import { CardCache } from './card-cache.ts'
import { AGENTS_FOLDER, PROJECT_ROOT } from './project-root.ts'

/** The organization as its cards describe it, and whatever is wrong with them. */
export interface LoadedOrg {
  directory: Directory
  problems: Problem[]
}

/** Cards and what could not be read in them; paths are reported as given, relative ones are read under `root`. */
export async function readCards(
  files: string[],
  root: string,
): Promise<{ cards: AgentCard[]; problems: Problem[] }> {
  const cache = await CardCache.open()
  const read = await Promise.all(files.map((file) => readCard(file, root, cache)))
  await cache.save()
  return {
    cards: read.flatMap(({ card }) => (card === null ? [] : [card])),
    problems: read.flatMap(({ problems }) => problems),
  }
}

/** The card files of a folder `<tier>/<agent>/card.md`, relative to it. */
function cardFiles(agents: string): string[] {
  return globSync('*/*/card.md', { cwd: agents }).toSorted()
}

/**
 * Reads every card of folders `<tier>/<agent>/card.md`; one in a later folder replaces an earlier one's of the same
 * agent. A card behind a symbolic link is refused: it may lead anywhere. Files of this checkout are named from its root,
 * others by their whole path.
 */
export async function loadOrg(folders: readonly string[] = [AGENTS_FOLDER]): Promise<LoadedOrg> {
  const read = await Promise.all(folders.map(readFolder))
  const cards = read.flatMap((folder, i) => {
    const later = new Set(read.slice(i + 1).flatMap((other) => other.cards.map(({ id }) => id)))
    return folder.cards.filter(({ id }) => !later.has(id))
  })
  return { directory: buildDirectory(cards), problems: read.flatMap(({ problems }) => problems) }
}

async function readFolder(agents: string): Promise<{ cards: AgentCard[]; problems: Problem[] }> {
  const shown = agents === AGENTS_FOLDER ? 'agents' : agents
  const found = cardFiles(agents)
  const base = await realpath(agents).catch(() => agents)
  const real = await Promise.all(found.map((file) => realpath(join(agents, file)).catch(() => null)))
  const own = found.filter((file, i) => real[i] === join(base, file))
  const linked = found.filter((file) => !own.includes(file)).map((file) => linkProblem(join(shown, file)))
  const { cards, problems } = await readCards(
    own.map((file) => join(shown, file)),
    PROJECT_ROOT,
  )
  return { cards, problems: [...linked, ...problems] }
}

/** The errors of a loaded organization, card by card and between the cards, in reading order. */
export function orgErrors({ directory, problems }: LoadedOrg): Problem[] {
  return [...problems, ...checkDirectory(directory)]
    .filter(({ severity }) => severity === 'error')
    .toSorted(byPlace)
}

/** What does not fit between the cards. Own agents need not be on the organization chart. */
export function misfits(directory: Directory, ownAgents: string | null): Problem[] {
  const own = (file: string): boolean => ownAgents !== null && resolve(file).startsWith(join(ownAgents, sep))
  return checkDirectory(directory).filter(({ code, file }) => code !== 'org.not-on-chart' || !own(file))
}

/** The organization, refused when anything in it is an error. @throws EsaError `card.unreadable` (terminal) about the first. */
export async function requireOrg(folders?: readonly string[]): Promise<Directory> {
  const loaded = await loadOrg(folders)
  const [first] = orgErrors(loaded)
  if (first !== undefined) throw cardError(first)
  return loaded.directory
}

/** The first bytes of a file: one more than a card may have shows that it is none, however long it goes on. */
async function readUpTo(path: string, most: number): Promise<Uint8Array> {
  const handle = await open(path)
  try {
    const buffer = Buffer.alloc(most)
    let length = 0
    let bytesRead = -1
    while (length < most && bytesRead !== 0) {
      ;({ bytesRead } = await handle.read(buffer, length, most - length, null))
      length += bytesRead
    }
    return buffer.subarray(0, length)
  } finally {
    await handle.close()
  }
}

function linkProblem(file: string): Problem {
  const message = 'the card lies behind a symbolic link'
  const hint = 'Put the card itself into the tree.'
  return { file, line: 1, column: 1, severity: 'error', code: 'card.symlink', message, hint }
}

async function readCard(
  file: string,
  root: string,
  cache: CardCache,
): Promise<{ card: AgentCard | null; problems: Problem[] }> {
  let bytes: Uint8Array
  try {
    bytes = await readUpTo(resolve(root, file), CARD_BYTES_MAX + 1)
  } catch (cause) {
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${file}`, {
      cause,
      hint: 'check the path and its rights',
    })
  }
  const { source, problems } = decodeCard(file, bytes)
  if (source === null) return { card: null, problems }
  const parsed = await cache.parse(source)
  return { card: parsed.agent, problems: [...problems, ...parsed.problems] }
}
