import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { nextIdOf } from '@esa/org/cards'
import { EsaError } from '@esa/protocol'
import { type Config, type Setting, settings } from '../config.ts'
import { loadOrg } from '../load-org.ts'
import { answer, note } from '../output.ts'
import { SETTINGS_FILE } from '../settings-file.ts'
import { shownPath, writeAgent } from './new-agent.ts'

/** Options of `esa init`, as commander gives them. */
export interface InitFlags {
  name: string
}

/** Cards of one's own, beside the organization that ESA brings. */
const OWN_AGENTS = 'agents'

/** What belongs to this machine alone: the embedded database, alarms, targets with their passwords. */
const IGNORED = '.esa/\n'

/**
 * Makes a folder in which `esa` works with own agents: settings with a comment on each, and a first card.
 * @throws EsaError `file.exists` (terminal) before anything is written: nothing is overwritten.
 */
export async function initFolder(config: Config, dir: string, { name }: InitFlags): Promise<void> {
  const folder = resolve(dir)
  await refuseWhatIsThere(folder)
  const { directory } = await loadOrg(config.agents)
  const agents = join(folder, OWN_AGENTS)
  const own = { ...config, agents: [...config.agents, agents], ownAgents: agents }
  await mkdir(folder, { recursive: true })
  const { file, card, problems } = await writeAgent(
    { id: nextIdOf('layer', directory), name },
    directory,
    agents,
    own,
  )
  // A password may be written into it one day.
  await writeFile(join(folder, SETTINGS_FILE), settingsText(settings()), { flag: 'wx', mode: 0o600 })
  const files = [join(folder, SETTINGS_FILE), file]
  const ignoring = join(folder, '.gitignore')
  // An existing one is the user's own: it is left as it is, with a note.
  const ignores = await writeNew(ignoring, IGNORED)
  if (ignores) files.push(ignoring)
  else
    note(
      `${shownPath(ignoring)} is there already; let it name ${IGNORED.trim()}, which holds passwords and data`,
    )
  const next = [
    `esa simulate ${card.id} --category performance`,
    'esa up',
    `esa incidents open --agent ${card.id} --category performance --title "it is slow"`,
  ]
  answer(config, { folder, agent: card.id, files, problems, next }, () =>
    [
      ...files.map((written) => `wrote ${shownPath(written)}`),
      `Next, in ${shownPath(folder) || 'this folder'}:`,
      ...next.map((line) => `  ${line}`),
    ].join('\n'),
  )
}

async function refuseWhatIsThere(folder: string): Promise<void> {
  const there = await readdir(folder).catch((cause: unknown): string[] => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new EsaError('file.unreadable', 'terminal', `${folder} is not a readable folder`, { cause })
  })
  const taken = there.filter((name) => [SETTINGS_FILE, OWN_AGENTS].includes(name))
  if (taken.length === 0) return
  throw new EsaError(
    'file.exists',
    'terminal',
    `${folder} has ${taken.join(', ')} already; nothing was written`,
    {
      hint: 'name another folder: esa init DIR; or write one more card there: esa agents new',
    },
  )
}

/** Whether a file was written; one that is there is left. */
async function writeNew(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' })
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  }
}

/** Every setting with what it is for; all but the folder of own cards stay as they are by default. */
function settingsText(all: readonly Setting[]): string {
  const lines = all.flatMap(({ name, about, fallback }) => {
    const value = name === 'ESA_OWN_AGENTS' ? OWN_AGENTS : null
    return ['', `# ${about}`, value === null ? `#${name}=${fallback ?? ''}` : `${name}=${value}`]
  })
  const head = [
    '# Settings of esa for this folder. What the environment sets wins; empty means unset.',
    '# Keep this file out of git once a password is in it.',
  ]
  return [...head, ...lines, ''].join('\n')
}
