import { cardDocument } from '@esa/operations'
import { globSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type AgentCard, buildDirectory, byPlace, hasErrors, type Problem } from '@esa/org'
import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { EXIT } from '../exit-codes.ts'
import { loadOrg, misfits, readCards } from '../load-org.ts'
import { answer } from '../output.ts'
import { problemText } from '../problem-text.ts'
import { PROJECT_ROOT } from '../project-root.ts'

/**
 * Checks cards before they join the organization: each by itself, and whom it names against the given cards and the
 * project's own. A given card replaces the project's card of the same agent.
 * @throws EsaError `file.unreadable` or `file.no-cards` (terminal).
 */
export async function lintCards(config: Config, paths: string[]): Promise<void> {
  const { cards, problems } = await checkGiven(config, paths)
  if (hasErrors(problems)) process.exitCode = EXIT.invalid
  answer(config, { agents: cards.map(cardDocument), problems }, () => {
    const read = `read ${cards.length} cards: `
    return problems.length === 0 ? `${read}no problems` : problemText(problems)
  })
}

/** The given cards and what is wrong with them, each by itself and against the organization. */
export async function checkGiven(
  config: Config,
  paths: string[],
): Promise<{ cards: AgentCard[]; problems: Problem[] }> {
  const given = await readGiven(paths)
  const ids = new Set(given.cards.map(({ id }) => id))
  const { directory } = await loadOrg(config.agents)
  const others = directory
    .cards()
    .filter(({ id }) => !ids.has(id))
    .map((card) => ({ ...card, file: resolve(PROJECT_ROOT, card.file) }))
  const files = new Set(given.cards.map(({ file }) => file))
  const org = misfits(buildDirectory([...given.cards, ...others]), config.ownAgents).filter(({ file }) =>
    files.has(file),
  )
  return { cards: given.cards, problems: [...given.problems, ...org].toSorted(byPlace) }
}

/** Cards of named files, whatever they are called, and of folders, where other Markdown than cards is left out. */
async function readGiven(paths: string[]): Promise<{ cards: AgentCard[]; problems: Problem[] }> {
  const named: string[] = []
  const found: string[] = []
  for (const path of paths) {
    if (await isFolder(path)) found.push(...markdownIn(path))
    else named.push(path)
  }
  const seen = new Set<string>()
  const once = (file: string): boolean => seen.size < seen.add(resolve(file)).size
  const [own, searched] = await Promise.all([
    readCards(named.filter(once), process.cwd()),
    readCards(found.filter(once), process.cwd()),
  ])
  const prose = searched.problems
    .filter(({ file, code }) => code === 'card.no-agent' && basename(file) !== 'card.md')
    .map(({ file }) => file)
  const notes = new Set(prose)
  return {
    cards: [...own.cards, ...searched.cards],
    problems: [...own.problems, ...searched.problems.filter(({ file }) => !notes.has(file))],
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${path}`, {
      cause,
      hint: 'check the path and its rights',
    })
  }
}

function markdownIn(folder: string): string[] {
  const files = globSync('**/*.md', { cwd: folder, exclude: (name) => basename(name) === 'node_modules' })
  if (files.length === 0) {
    throw new EsaError('file.no-cards', 'terminal', `there is no card in ${folder}`, {
      hint: 'a card is a Markdown file; name one of another kind by its path',
    })
  }
  return files.toSorted().map((file) => join(folder, file))
}
