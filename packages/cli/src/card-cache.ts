import { hash } from 'node:crypto'
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CardSource } from '@esa/org'
import type { parseCard } from '@esa/org/cards'
import { PROJECT_ROOT } from './project-root.ts'

type ParsedCard = ReturnType<typeof parseCard>

/** Beside the code that the install brought, and as trusted as that; in another user's install, the user's own cache. */
function usualFile(): string {
  try {
    accessSync(PROJECT_ROOT, constants.W_OK)
    return join(PROJECT_ROOT, 'node_modules/.cache/esa/cards.json')
  } catch {
    return join(homedir(), '.cache/esa/cards.json')
  }
}

/** Two organizations and their edits of a day; 105 cards take 300 kB. */
const CARDS_MAX = 400

/**
 * Cards that were parsed before, by their text. Parsing 105 of them from scratch takes half a second of every command, and
 * reading them back 10 ms. A cache of another parser, or one that cannot be read, counts as empty.
 */
export class CardCache {
  readonly #known: Map<string, ParsedCard>
  readonly #parser: string
  readonly #file: string
  readonly #used = new Map<string, ParsedCard>()

  private constructor(file: string, parser: string, known: Map<string, ParsedCard>) {
    this.#file = file
    this.#parser = parser
    this.#known = known
  }

  static async open(file = usualFile(), parser = parserPrint()): Promise<CardCache> {
    try {
      const kept = JSON.parse(await readFile(file, 'utf8')) as {
        parser: string
        cards: [string, ParsedCard][]
      }
      if (kept.parser === parser) return new CardCache(file, parser, new Map(kept.cards))
    } catch {
      // Absent, half written or of another shape: parsed again.
    }
    return new CardCache(file, parser, new Map())
  }

  /** What `parseCard` says of this source. */
  async parse(source: CardSource): Promise<ParsedCard> {
    const key = hash('sha256', JSON.stringify(source))
    const parsed = this.#known.get(key) ?? (await import('@esa/org/cards')).parseCard(source)
    this.#used.set(key, parsed)
    return parsed
  }

  /** Keeps what was parsed since it was opened. Where nothing can be written, the next command parses again. */
  async save(): Promise<void> {
    if ([...this.#used.keys()].every((key) => this.#known.has(key))) return
    // The last used entry is last, and is kept longest.
    const others = [...this.#known].filter(([key]) => !this.#used.has(key))
    const cards = [...others, ...this.#used].slice(-CARDS_MAX)
    const draft = `${this.#file}.${process.pid}`
    try {
      await mkdir(dirname(this.#file), { recursive: true })
      await writeFile(draft, JSON.stringify({ parser: this.#parser, cards }))
      await rename(draft, this.#file)
    } catch {
      // A read-only checkout works as well, and slower.
    }
  }
}

/** Changes with every edit of the parser, or with every build that the parser is bundled into. */
function parserPrint(): string {
  const folder = import.meta.filename.endsWith('.ts')
    ? dirname(fileURLToPath(import.meta.resolve('@esa/org')))
    : import.meta.dirname
  const files = readdirSync(folder).map((name) => {
    const { size, mtimeMs } = statSync(join(folder, name))
    return `${name} ${size} ${mtimeMs}`
  })
  return hash('sha256', files.join('\n'))
}
