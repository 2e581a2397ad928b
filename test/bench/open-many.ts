import { INCIDENT_TYPE, incidentDefinition } from '@esa/escalation'
import { agentDefinitions, agentType } from '@esa/agents'
import { ActorHost, Registry } from '@esa/runtime'
import type { Store } from '@esa/store'
import { projectOrg } from '../incidents/project-org.ts'

/** How many are opened at a time. */
const AT_ONCE = 8

/** Opens incidents of sixty agents as an edge would, and leaves what they ask for to whoever serves this store. */
export async function openMany(store: Store, count: number, note: (line: string) => void): Promise<void> {
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
