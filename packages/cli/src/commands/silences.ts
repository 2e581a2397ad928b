import type { Silence } from '@esa/escalation'
import { addSilence as add, endSilence as end, listSilences as list, type NewSilence } from '@esa/operations'
import { formatDuration } from '@esa/protocol'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { lookInStore } from '../store-access.ts'
import { inWorld } from '../world.ts'

/** Adds a silence: matching incidents open without telling anybody, until it ends. @throws EsaError `usage.until`, `agent.unknown` and others (terminal). */
export async function addSilence(config: Config, flags: NewSilence): Promise<void> {
  await inWorld(config, async (world) => {
    const silence = await add(world, flags)
    answer(config, silence, () => `added ${describe(silence)}`)
  })
}

/** Lists the silences that are in force, the one that ends first at the top. */
export async function listSilences(config: Config): Promise<void> {
  await lookInStore(config, async (store) => {
    const { silences, nowMs } = await list(store)
    answer(config, { silences }, () => (silences.length === 0 ? 'no silences' : table(silences, nowMs)))
  })
}

/** Ends a silence: every incident that it suppresses is notified at once. @throws EsaError `silence.unknown` or `silence.over` (terminal). */
export async function endSilence(config: Config, id: string): Promise<void> {
  await inWorld(config, async (world) => {
    const silence = await end(world, id)
    answer(config, silence, () => `${describe(silence)}; notified: ${silence.incidents.join(', ') || 'none'}`)
  })
}

function describe({ id, agent, category, untilAt, reason }: Silence): string {
  return `${id}: ${category ?? 'every category'} of ${agent} until ${untilAt}, ${reason}`
}

function table(silences: Silence[], nowMs: number): string {
  const rows = silences.map(({ id, agent, category, untilAt, held, reason, by }) => [
    id,
    agent,
    category ?? 'all',
    `${untilAt} (in ${formatDuration(Date.parse(untilAt) - nowMs)})`,
    String(held),
    by ?? '-',
    reason,
  ])
  return columns([['ID', 'AGENT', 'CATEGORY', 'UNTIL', 'HELD', 'BY', 'REASON'], ...rows])
}
