import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Directory, Problem } from '@esa/org'
import { isEsaError } from '@esa/protocol'
import { type LoadedOrg, loadOrg, orgErrors, requireOrg } from './load-org.ts'

/** Between two looks at the cards, ms. A look at 105 cards costs 0.4 ms, and works where no file system tells of changes. */
const LOOK_EVERY_MS = 1_000

/**
 * The organization of a running worker, which follows its cards. What is edited counts for what begins from then on. A
 * faulty edit is refused with its place, and the organization of before stays in force, whole, until it is mended.
 */
export class OrgWatch implements LoadedOrg {
  readonly problems: Problem[] = []
  readonly #agents: readonly string[]
  readonly #say: (line: string) => void
  #directory: Directory
  #print: string
  #previous: string
  #refused = false
  /** Whether all mailboxes have the organization in force. */
  #brought = false
  #timer: NodeJS.Timeout | null = null

  private constructor(
    agents: readonly string[],
    say: (line: string) => void,
    directory: Directory,
    print: string,
  ) {
    this.#agents = agents
    this.#say = say
    this.#directory = directory
    this.#print = this.#previous = print
  }

  /** Reads the cards a first time. `say` gets a line about every change. @throws EsaError `card.unreadable` (terminal). */
  static async open(agents: readonly string[], say: (line: string) => void): Promise<OrgWatch> {
    // Taken before the cards are read: what changes in between is seen at the next look.
    const print = fingerprint(agents)
    return new OrgWatch(agents, say, await requireOrg(agents), print)
  }

  /** The organization in force. */
  get directory(): Directory {
    return this.#directory
  }

  /** Looks once a second until it is stopped, and has each organization in force brought, the first one too. */
  start(bring: (directory: Directory) => Promise<void>): void {
    this.#timer = setTimeout(() => {
      this.look()
        .catch((error: unknown) => this.#refuse([messageOf(error)]))
        .then(() => this.#bring(bring))
        // The store is away: its trouble is in the worker's log, and the next look tries again.
        .catch(() => {})
        .finally(() => {
          if (this.#timer !== null) this.start(bring)
        })
    }, LOOK_EVERY_MS)
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** Looks at the cards; a change is taken once two looks saw the same, because an editor may be half way through. */
  async look(): Promise<void> {
    const print = fingerprint(this.#agents)
    const settled = print === this.#previous
    this.#previous = print
    if (!settled || print === this.#print) return
    this.#print = print
    const loaded = await loadOrg(this.#agents)
    const errors = orgErrors(loaded)
    if (errors.length > 0) this.#refuse(errors.map(lineOf))
    else this.#take(loaded.directory)
  }

  async #bring(bring: (directory: Directory) => Promise<void>): Promise<void> {
    if (this.#brought) return
    await bring(this.#directory)
    this.#brought = true
  }

  #take(directory: Directory): void {
    const changed = changes(this.#directory, directory)
    this.#directory = directory
    this.#brought = false
    if (changed.length > 0) this.#say(`cards reloaded, for new incidents: ${changed.join(', ')}`)
    else if (this.#refused) this.#say('cards are as they were again')
    this.#refused = false
  }

  #refuse(lines: string[]): void {
    this.#refused = true
    this.#say(`cards refused, those of before stay in force:\n${lines.join('\n')}`)
  }
}

/** Whose cards came, went or differ. */
function changes(before: Directory, after: Directory): string[] {
  const hashes = (directory: Directory): Map<string, string> =>
    new Map(directory.cards().map(({ id, cardHash }) => [id, cardHash]))
  const [old, now] = [hashes(before), hashes(after)]
  return [...new Set([...old.keys(), ...now.keys()])].filter((id) => old.get(id) !== now.get(id))
}

/** Changes whenever a card is written, replaced, added or removed. Read from the file system synchronously: 105 promises cost ten times as much. */
function fingerprint(agents: readonly string[]): string {
  return agents.map(fingerprintOf).join('\n')
}

function fingerprintOf(agents: string): string {
  const marks = foldersIn(agents).flatMap((tier) =>
    foldersIn(join(agents, tier)).map((agent) => join(tier, agent)),
  )
  return marks.map((folder) => markOf(agents, join(folder, 'card.md'))).join('\n')
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.flatMap((entry) => (entry.isFile() ? [] : [entry.name])).toSorted()
  } catch {
    // It has gone, or leads nowhere: then no card is in it.
    return []
  }
}

function markOf(agents: string, file: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(join(agents, file), { bigint: true })
    return `${file} ${ino} ${size} ${mtimeNs}`
  } catch {
    return ''
  }
}

function lineOf({ file, line, column, code, message, hint }: Problem): string {
  return `  ${file}:${line}:${column}  ${code}  ${message}${hint === undefined ? '' : `\n    → ${hint}`}`
}

function messageOf(error: unknown): string {
  if (isEsaError(error)) return `  ${error.code}  ${error.message}`
  return `  ${error instanceof Error ? error.message : String(error)}`
}
