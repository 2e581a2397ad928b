import { parseOpenSilence, type Silence, SILENCE_TYPE, silenceView } from '@esa/escalation'
import { EsaError, ulidSchema } from '@esa/protocol'
import type { Store } from '@esa/store'
import { instantOf, wrongInstant } from './instants.ts'
import { requireAgent, storeNow, type World } from './world.ts'

/** What a new silence takes; `until` is an instant (ISO 8601) or a duration from now on. */
export interface NewSilence {
  agent: string
  category?: string
  until: string
  reason: string
}

/** Messages that one round of ending delivers by itself: as many as one silence can hold, and their words to it. */
const DELIVERED_MAX = 2_000

/** Planned work ends: who mutes an agent for longer has mistyped the year, ms. */
const SILENCE_MAX_MS = 366 * 24 * 3_600_000

/** Adds a silence: matching incidents open without telling anybody, until it ends. @throws EsaError `usage.until`, `agent.unknown` and others (terminal). */
export async function addSilence(
  world: World,
  { agent, category, until: text, reason }: NewSilence,
): Promise<Silence> {
  requireAgent(world, agent)
  const until = endOf(text, await storeNow(world.store))
  const named = category === undefined ? {} : { category }
  const by = await world.caller.actAs('operator', 'incidents:write')
  const body = parseOpenSilence({ agent, ...named, until, reason, by })
  const { state } = await world.host.open({ type: SILENCE_TYPE, key: null, from: 'operator', body })
  return silenceView(state)
}

/** The silences that are in force, the one that ends first at the top. */
export async function listSilences(store: Store): Promise<{ silences: Silence[]; nowMs: number }> {
  const [live, nowMs] = await Promise.all([
    store.listActors({ type: SILENCE_TYPE, live: true }),
    storeNow(store),
  ])
  const silences = live
    .map(({ state }) => silenceView(state))
    .filter(({ untilAt }) => Date.parse(untilAt) > nowMs)
    .toSorted((a, b) => Date.parse(a.untilAt) - Date.parse(b.untilAt))
  return { silences, nowMs }
}

/**
 * Ends a silence: every incident that it suppresses is notified at once. Whatever a broken call leaves undone, a worker does.
 * @throws EsaError `silence.unknown` or `silence.over` (terminal).
 */
export async function endSilence(world: World, id: string): Promise<Silence & { incidents: string[] }> {
  const found = ulidSchema.safeParse(id).success ? await world.store.readActor(id) : null
  if (found === null || found.state.type !== SILENCE_TYPE) {
    throw new EsaError('silence.unknown', 'terminal', `there is no silence "${id}"`, {
      hint: 'list them with: esa silence ls',
    })
  }
  // Incidents that opened without a worker have informed their silence by a message that is still on its way.
  await deliverOpen(world, id)
  const by = await world.caller.actAs('operator', 'incidents:write')
  const { state, events } = await world.host.command(id, { type: 'end', as: 'operator', by })
  if (!events.some(({ type }) => type === 'silence.ended')) {
    throw new EsaError('silence.over', 'terminal', `silence ${id} is over already`)
  }
  return { ...silenceView(state), incidents: await deliverOpen(world, id) }
}

/** Delivers what is on its way from or to a silence, and names the incidents that got something. */
async function deliverOpen({ store, host }: World, id: string): Promise<string[]> {
  const rows = await store.listMessages({ agent: id, limit: DELIVERED_MAX })
  const open = rows.filter(({ doneAt, deadCode }) => doneAt === null && deadCode === null)
  for (const message of open) await host.deliver(message.id)
  return open.flatMap(({ from, toActor }) => (from === id && toActor !== null ? [toActor] : []))
}

/** When a silence ends. @throws EsaError `usage.until` (terminal) unless that is within a year from now. */
function endOf(text: string, nowMs: number): number {
  const at = instantOf('until', text, nowMs)
  if (at <= nowMs) throw wrongInstant('until', text, 'is not in the future')
  if (at - nowMs > SILENCE_MAX_MS) throw wrongInstant('until', text, 'is more than a year away')
  return at
}
