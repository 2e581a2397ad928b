import { constants } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import type { AgentCard, Directory, Problem } from '@esa/org'
import { type CardDraft, draftCard, kindOfId, nextIdOf } from '@esa/org/cards'
import { AGENT_KINDS, agentIdSchema, EsaError } from '@esa/protocol'
import { askForAgent, isAsked } from '../ask-for-agent.ts'
import type { Config } from '../config.ts'
import { loadOrg } from '../load-org.ts'
import { answer } from '../output.ts'
import { problemText } from '../problem-text.ts'
import { AGENTS_FOLDER, IS_CHECKOUT } from '../project-root.ts'
import { checkGiven } from './lint-cards.ts'

/** Options of `esa agents new`, as commander gives them. */
export interface NewAgentFlags {
  kind?: string
  name?: string
  reportsTo?: string[]
  peer?: string[]
  purpose?: string
  does?: string[]
  metric?: string[]
  into?: string
}

/** The folder of each kind of agent, beside its siblings. */
const FOLDER_OF_KIND: Record<AgentCard['kind'], string> = {
  ceo: 'ceo',
  chief: 'chiefs',
  domain: 'domains',
  layer: 'layers',
  expert: 'experts',
  operational: 'operational',
  'life-ceo': 'life-ceo',
}

/** Kinds with numbered ids. */
const NUMBERED = AGENT_KINDS.filter((kind) => kind !== 'ceo' && kind !== 'life-ceo')

/**
 * Writes the card of a new agent and checks it as `esa agents lint` does. On a terminal it asks for what was not said.
 * @throws EsaError `usage.*`, `agent.unknown`, `file.exists` (terminal).
 */
export async function newAgent(config: Config, id: string | undefined, flags: NewAgentFlags): Promise<void> {
  const { directory } = await loadOrg(config.agents)
  const given = draftOf(id, flags, directory)
  const draft = isAsked(config, flags.name) ? await askForAgent(given, directory) : given
  const agents = flags.into === undefined ? ownFolder(config) : resolve(flags.into)
  const { file, card, problems } = await writeAgent(draft, directory, agents, config)
  const shown = shownPath(file)
  const next = [
    `esa agents lint ${shown}`,
    `esa agents show ${card.id}`,
    `esa simulate ${card.id} --category performance`,
  ]
  answer(config, { agent: card.id, name: card.name, file, problems, next }, () =>
    [
      `${card.id} ${card.name}: ${shown}`,
      ...(problems.length === 0 ? [] : [problemText(problems)]),
      'Edit the card; a running esa takes it at once. Then:',
      ...next.map((line) => `  ${line}`),
    ].join('\n'),
  )
}

/** Writes a card into its folder under `agents`. @throws EsaError `file.exists` (terminal): nothing is overwritten. */
export async function writeAgent(
  draft: CardDraft,
  directory: Directory,
  agents: string,
  config: Config,
): Promise<{ file: string; card: AgentCard; problems: Problem[] }> {
  const { text, card } = draftCard(draft, directory)
  const file = join(agents, FOLDER_OF_KIND[card.kind], card.id, 'card.md')
  const there = directory.get(card.id)?.card
  if (there) throw exists(`${card.id} has a card already: ${there.file}`, 'edit that one, or take another id')
  await mkdir(dirname(file), { recursive: true })
  try {
    await writeFile(file, text, { flag: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw exists(`${file} is there already`, 'edit it, or take another id', cause)
  }
  const { problems } = await checkGiven(config, [file])
  return { file, card, problems }
}

/** A path as typed in this folder. */
export function shownPath(file: string): string {
  const short = relative(process.cwd(), file)
  return short.startsWith('..') ? file : short
}

function draftOf(id: string | undefined, flags: NewAgentFlags, directory: Directory): CardDraft {
  return {
    id: id === undefined ? nextOf(flags.kind ?? 'layer', directory) : idOf(id, flags.kind),
    name: flags.name,
    reportsTo: flags.reportsTo,
    peers: flags.peer,
    purpose: flags.purpose,
    responsibilities: flags.does,
    metrics: flags.metric,
  }
}

function nextOf(kind: string, directory: Directory): string {
  const known = NUMBERED.find((one) => one === kind)
  if (known !== undefined) return nextIdOf(known, directory)
  const hint = `one of ${NUMBERED.join(', ')}; others are named by their id, like lifeceo-garden`
  throw new EsaError('usage.kind', 'terminal', `there is no next number of kind ${kind}`, { hint })
}

function idOf(id: string, kind: string | undefined): string {
  const parsed = agentIdSchema.safeParse(id)
  if (!parsed.success || (kind !== undefined && kindOfId(id) !== kind)) {
    const message =
      kind === undefined || !parsed.success ? `${id} is not an agent id` : `${id} is not a ${kind}`
    throw new EsaError('usage.agent-id', 'terminal', message, {
      hint: 'like layer-62, expert-17 or lifeceo-garden',
    })
  }
  return id
}

/** Where cards of one's own belong: the folder that the settings name, else the cards of this checkout. */
function ownFolder({ agents, ownAgents }: Config): string {
  const folder = ownAgents ?? agents[0]!
  if (folder !== AGENTS_FOLDER || IS_CHECKOUT) return folder
  throw new EsaError('usage.no-folder', 'terminal', 'no folder is set for cards of your own', {
    hint: 'run esa init in the folder for your cards, or name one with --into DIR',
  })
}

function exists(message: string, hint: string, cause?: unknown): EsaError {
  return new EsaError('file.exists', 'terminal', message, { hint, cause })
}
