import { setTimeout as pause } from 'node:timers/promises'
import { INCIDENT_TYPE, incidentDefinition } from '@esa/escalation'
import { agentDefinitions, agentType } from '@esa/agents'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { ActorHost, Registry } from '@esa/runtime'
import { openPostgresStore, type Store } from '@esa/store'
import { EsaHome } from '../e2e/run-esa.ts'
import { projectOrg } from '../incidents/project-org.ts'
import type { BenchServers } from './bench-servers.ts'
import { esaUp } from './esa-up.ts'
import type { Figure } from './figures.ts'
import { memoryMb } from './process-cpu.ts'

/** Live incidents, and how many are opened at a time. */
const INCIDENTS = 10_000
const AT_ONCE = 8

/** How long the worker then goes on with what they asked for, ms. */
const WATCH_MS = 30_000

/** What a worker holds in memory while 10,000 incidents are live: it has opened none of them, and serves all of them. */
export async function benchMemory({ redis, note }: BenchServers): Promise<Figure[]> {
  const home = await EsaHome.create()
  try {
    const up = await esaUp(home, redis?.url ?? null)
    const { url } = await ensureEmbeddedServer(home)
    const store = await openPostgresStore({ url, max: AT_ONCE, applicationName: 'bench' })
    await openMany(store, note)
    await pause(WATCH_MS)
    const live = (await store.listActors({ type: INCIDENT_TYPE, live: true })).length
    const { messages, activities } = await store.backlog()
    await store.close()
    note(`${live} live, ${messages} messages and ${activities} activities still on their way`)
    const peak = memoryMb(up.pid, 'VmHWM')
    await up.stop()
    return [
      { what: 'memory of a worker, at its highest', value: peak, unit: 'MB', aim: { op: '<=', value: 512 } },
      { what: 'live incidents then', value: live, unit: '', aim: { op: '>=', value: INCIDENTS } },
      { what: 'messages and activities still on their way then', value: messages + activities, unit: '' },
    ]
  } finally {
    await home.remove()
  }
}

async function openMany(store: Store, note: (line: string) => void): Promise<void> {
  const directory = projectOrg()
  const registry = new Registry({
    definitions: [incidentDefinition({ timeScale: 1 }), ...agentDefinitions()],
    agentType,
    activities: [],
    directory: () => directory,
  })
  const host = new ActorHost({ store, registry, random: () => Math.random(), rings: false })
  let opened = 0
  const lane = async (): Promise<void> => {
    while (opened < INCIDENTS) {
      const n = opened++
      const agent = `layer-${1 + (n % 60)}`
      const body = { agent, category: 'integration', title: `bench ${n}` }
      await host.open({ type: INCIDENT_TYPE, key: null, from: agent, body })
      if (n % 2_000 === 0) note(`${n} incidents opened`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}
