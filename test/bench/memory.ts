import { setTimeout as pause } from 'node:timers/promises'
import { INCIDENT_TYPE } from '@esa/escalation'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore } from '@esa/store'
import { EsaHome } from '../e2e/run-esa.ts'
import type { BenchServers } from './bench-servers.ts'
import { esaUp } from './esa-up.ts'
import type { Figure } from './figures.ts'
import { openMany } from './open-many.ts'
import { memoryMb } from './process-cpu.ts'

/** Live incidents. */
const INCIDENTS = 10_000

/** How long the worker then goes on with what they requested, ms. */
const WATCH_MS = 30_000

/** What a worker holds in memory while 10,000 incidents are live: it has opened none of them, and serves all of them. */
export async function benchMemory({ redis, note }: BenchServers): Promise<Figure[]> {
  const home = await EsaHome.create()
  try {
    const up = await esaUp(home, redis?.url ?? null)
    const { url } = await ensureEmbeddedServer(home)
    const store = await openPostgresStore({ url, max: 8, applicationName: 'bench' })
    await openMany(store, INCIDENTS, note)
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
