import { aggregate, figuresOf } from '@esa/behavior'
import type { OperatorFigures } from '@esa/escalation'
import { AGENT_KINDS, type AgentKind } from '@esa/protocol'
import type { KeptReading, LevelTally, Store } from '@esa/store'
import type { EventTally } from './event-tally.ts'
import { readFigures } from './figures.ts'
import { contextOf, type Mailboxes, mailboxes } from './mailboxes.ts'
import type { World } from './world.ts'

/** What the agents of one kind do, as one. */
type KindFigures = { kind: AgentKind } & ReturnType<typeof aggregate>

/** Everything that a monitoring system asks for, at one instant of the store's clock. */
export interface MetricFigures {
  nowMs: number
  figures: OperatorFigures
  workers: number
  /** Since the youngest sign of life of a worker; null without one. */
  beatAgeMs: number | null
  backlog: Awaited<ReturnType<Store['backlog']>>
  kinds: KindFigures[]
  readings: KeptReading[]
  tallies: LevelTally[]
}

/** Reads it; the figures are those that `esa status` shows. */
export async function readMetricFigures(
  world: Mailboxes & Pick<World, 'directory'>,
  tally: EventTally,
): Promise<MetricFigures> {
  const { store } = world
  const { nowMs } = await store.runtime()
  const [{ figures, workers }, backlog, kinds, readings, tallies] = await Promise.all([
    readFigures(store, nowMs),
    store.backlog(),
    kindFigures(world),
    store.latestReadings(),
    tally.read(store, nowMs),
  ])
  const ages = workers.map(({ beatAt }) => nowMs - beatAt)
  const beatAgeMs = ages.length === 0 ? null : Math.max(0, Math.min(...ages))
  return { nowMs, figures, workers: workers.length, beatAgeMs, backlog, kinds, readings, tallies }
}

async function kindFigures(world: Mailboxes & Pick<World, 'directory'>): Promise<KindFigures[]> {
  const boxes = new Map((await mailboxes(world)).map((actor) => [actor.state.id, actor]))
  const agents = world.directory.all().map(({ id, kind }) => {
    const box = boxes.get(id)
    const mailbox = box === undefined ? null : { context: contextOf(box), at: box.state.at }
    return { kind, figures: figuresOf(id, mailbox) }
  })
  return AGENT_KINDS.map((kind) => {
    const ofKind = agents.filter((agent) => agent.kind === kind)
    return { kind, ...aggregate(ofKind.map(({ figures }) => figures)) }
  })
}
