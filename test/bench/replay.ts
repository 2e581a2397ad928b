import { replay } from '@esa/actor'
import { INCIDENT_TYPE, incidentDefinition, timeline } from '@esa/escalation'
import { World } from '@esa/simulator'
import { recordedSteps, type StoredEvent, verifyChain } from '@esa/store'
import { projectOrg } from '../incidents/project-org.ts'
import type { BenchServers } from './bench-servers.ts'
import type { Figure } from './figures.ts'

/** Incidents that climb to the CEO and beyond without an answer, and how long that is let go on, ms. */
const INCIDENTS = 400
const HORIZON_MS = 48 * 3_600_000

/** The streams are read again until this has passed, ms: once would be over before the code is compiled. */
const MEASURE_MS = 3_000

const CATEGORIES = ['integration', 'performance', 'coordination', 'production'] as const

/** Events a second that are verified (inputs run again, every event and the chain compared) and folded into timelines. */
export async function benchReplay({ note }: Pick<BenchServers, 'note'>): Promise<Figure[]> {
  const streams = await climbed()
  const events = streams.reduce((sum, stream) => sum + stream.length, 0)
  note(`${streams.length} streams of ${events} events`)
  const definition = incidentDefinition({ timeScale: 1 })
  const verified = eventsPerSecond(streams, (stream) => {
    if (!replay(definition, recordedSteps(stream)).identical) throw new Error('a replay differs')
    if (!verifyChain(stream).ok) throw new Error('a chain is broken')
  })
  const folded = eventsPerSecond(streams, (stream) => {
    if (timeline(stream).length !== stream.length) throw new Error('a timeline lost an event')
  })
  return [
    { what: 'replay verify', value: verified, unit: 'events/s of CPU', aim: { op: '>=', value: 30_000 } },
    { what: 'timeline fold', value: folded, unit: 'events/s of CPU', aim: { op: '>=', value: 100_000 } },
  ]
}

async function climbed(): Promise<StoredEvent[][]> {
  const world = new World({ directory: projectOrg() })
  for (let n = 0; n < INCIDENTS; n++) {
    const category = CATEGORIES[n % CATEGORIES.length]!
    await world.open({ agent: `layer-${1 + (n % 60)}`, category, title: `bench ${n}` })
  }
  await world.advance(HORIZON_MS)
  const actors = await world.store.listActors({ type: INCIDENT_TYPE })
  return Promise.all(actors.map(({ state }) => world.store.readStream(state.id)))
}

/** Events in a second of CPU time: what one core does when it is free. */
function eventsPerSecond(streams: StoredEvent[][], read: (stream: StoredEvent[]) => void): number {
  streams.forEach(read)
  const began = performance.now()
  const usage = process.cpuUsage()
  let events = 0
  while (performance.now() - began < MEASURE_MS) {
    for (const stream of streams) {
      read(stream)
      events += stream.length
    }
  }
  const { user, system } = process.cpuUsage(usage)
  return Math.round(events / ((user + system) / 1_000_000))
}
