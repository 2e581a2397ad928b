import { INCIDENT_TYPE, incidentDefinition, incidentKey } from '@esa/escalation'
import { behaviors } from '@esa/agents'
import { ActorHost, Registry } from '@esa/runtime'
import type { Store } from '@esa/store'
import { projectOrg } from '../incidents/project-org.ts'

/** How many are opened at a time. */
const AT_ONCE = 8

/** Opens incidents of sixty agents as an edge would, and leaves what they ask for to the workers of this store. */
export async function openMany(store: Store, count: number, note: (line: string) => void): Promise<void> {
  const host = hostOf(store)
  let opened = 0
  const lane = async (): Promise<void> => {
    while (opened < count) {
      const n = opened++
      const agent = `layer-${1 + (n % 60)}`
      const body = { agent, category: 'integration', title: `bench ${n}` }
      await host.open({ type: INCIDENT_TYPE, key: null, from: agent, body })
      if (n % 2_000 === 0) note(`${n} incidents opened`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** One incident that was opened so many times under its key, each an event of its log; its id. */
export async function openAgain(store: Store, times: number): Promise<string> {
  const host = hostOf(store)
  const body = { agent: 'layer-1', category: 'integration', title: 'bench again', dedupKey: 'again' }
  let id = ''
  for (let n = 0; n < times; n += 1)
    ({
      state: { id },
    } = await host.open({ type: INCIDENT_TYPE, key: incidentKey('layer-1', 'again'), from: 'layer-1', body }))
  return id
}

function hostOf(store: Store): ActorHost {
  const directory = projectOrg()
  const registry = new Registry({
    definitions: [incidentDefinition({ timeScale: 1 }), ...behaviors.definitions()],
    agentType: behaviors.agentType,
    activities: [],
    directory: () => directory,
  })
  return new ActorHost({ store, registry, random: () => Math.random(), rings: false })
}
