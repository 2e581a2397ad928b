import { parseOpenSilence, type Silence, SILENCE_TYPE, silenceView } from '@esa/escalation'
import { EsaError, formatDuration, parseDuration, ulidSchema } from '@esa/protocol'
import { callerOf } from '../caller.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { inStore } from '../store-access.ts'
import { inWorld, type World } from '../world.ts'
import { requireAgent } from './incidents.ts'
import { storeNow } from './show-incidents.ts'

/** What `esa silence add` takes. */
export interface SilenceFlags {
  agent: string
  category?: string
  until: string
  reason: string
}

/** Messages that one round of `silence end` delivers by itself: as many as one silence can hold, and their words to it. */
const DELIVERED_MAX = 2_000

/** Adds a silence: matching incidents open without telling anybody, until it ends. @throws EsaError `usage.until`, `agent.unknown` and others (terminal). */
export async function addSilence(config: Config, flags: SilenceFlags): Promise<void> {
  const { agent, category, reason } = flags
  await inWorld(config, async (world) => {
    requireAgent(world, agent)
    const until = instantOf(flags.until, await storeNow(world.store))
    const named = category === undefined ? {} : { category }
    const by = await callerOf(world, 'operator', 'incidents:write')
    const body = parseOpenSilence({ agent, ...named, until, reason, by })
    const { state } = await world.host.open({ type: SILENCE_TYPE, key: null, from: 'operator', body })
    const silence = silenceView(state)
    answer(config, silence, () => `added ${describe(silence)}`)
  })
}

/** Lists the silences that are in force, the one that ends first at the top. */
export async function listSilences(config: Config): Promise<void> {
  await inStore(config, async (store) => {
    const [live, nowMs] = await Promise.all([
      store.listActors({ type: SILENCE_TYPE, live: true }),
      storeNow(store),
    ])
    const silences = live
      .map(({ state }) => silenceView(state))
      .filter(({ untilAt }) => Date.parse(untilAt) > nowMs)
      .toSorted((a, b) => Date.parse(a.untilAt) - Date.parse(b.untilAt))
    answer(config, { silences }, () => (silences.length === 0 ? 'no silences' : table(silences, nowMs)))
  })
}

/**
 * Ends a silence: every incident that it holds back is told at once. Whatever a broken call leaves undone, a worker does.
 * @throws EsaError `silence.unknown` or `silence.over` (terminal).
 */
export async function endSilence(config: Config, id: string): Promise<void> {
  await inWorld(config, async (world) => {
    const found = ulidSchema.safeParse(id).success ? await world.store.readActor(id) : null
    if (found === null || found.state.type !== SILENCE_TYPE) {
      throw new EsaError('silence.unknown', 'terminal', `there is no silence "${id}"`, {
        hint: 'list them with: esa silence ls',
      })
    }
    // Incidents that opened without a worker have told their silence so by a message that is still on its way.
    await deliverOpen(world, id)
    const by = await callerOf(world, 'operator', 'incidents:write')
    const { state, events } = await world.host.command(id, { type: 'end', as: 'operator', by })
    if (!events.some(({ type }) => type === 'silence.ended')) {
      throw new EsaError('silence.over', 'terminal', `silence ${id} is over already`)
    }
    const told = await deliverOpen(world, id)
    const silence = silenceView(state)
    answer(
      config,
      { ...silence, incidents: told },
      () => `${describe(silence)}; told: ${told.join(', ') || 'none'}`,
    )
  })
}

/** Delivers what is on its way from or to a silence, and names the incidents that got something. */
async function deliverOpen({ store, host }: World, id: string): Promise<string[]> {
  const rows = await store.listMessages({ agent: id, limit: DELIVERED_MAX })
  const open = rows.filter(({ doneAt, deadCode }) => doneAt === null && deadCode === null)
  for (const message of open) await host.deliver(message.id)
  return open.flatMap(({ from, toActor }) => (from === id && toActor !== null ? [toActor] : []))
}

/** An instant as ISO 8601, or a duration from now on. @throws EsaError `usage.until` (terminal). */
function instantOf(text: string, nowMs: number): number {
  const duration = parseDuration(text)
  const at = duration === undefined ? Date.parse(text) : nowMs + duration
  if (at > nowMs) return at
  const why = Number.isNaN(at) ? 'is no instant' : 'is not in the future'
  throw new EsaError('usage.until', 'terminal', `--until ${text} ${why}`, {
    hint: 'like 2026-01-31T18:00:00Z, or 2h for two hours from now',
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
