import { behaviors } from '@esa/agents'
import { incidentDefinition } from '@esa/escalation'
import { orgGraph, type OrgGraph } from '@esa/operations/views'
import { Registry } from '@esa/runtime'
import { expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const HOUR_MS = 3_600_000

it('shows the organization of any instant as it was shown then', async () => {
  const world = new AgentsWorld()
  const registry = new Registry({
    definitions: [incidentDefinition({ timeScale: 1 }), ...behaviors.definitions()],
    agentType: behaviors.agentType,
    activities: [],
    directory: () => world.org,
  })
  const look = (at?: string): Promise<OrgGraph> =>
    orgGraph({ store: world.store, directory: world.org, registry, behaviors }, at)
  const seen: OrgGraph[] = []
  const keep = async (): Promise<void> => {
    seen.push(await look())
    // Two looks at one instant would be one.
    await world.advance(1)
  }
  await keep()
  await world.tell('layer-2', { type: 'seat', seat: 'human', as: 'operator', by: 'ada' })
  const item = await world.task('layer-8', 'layer-2')
  await keep()
  const incident = { agent: 'layer-1', category: 'integration' as const, title: 'pool is full' }
  const { state } = await world.open(incident)
  await world.advance(0)
  await keep()
  await world.command(state.id, { type: 'acknowledge', as: 'layer-2' })
  await world.answer('layer-2', item)
  await keep()
  await world.stop('layer-3')
  await world.command(state.id, { type: 'resolve', as: 'layer-2', cause: 'grown' })
  await keep()
  await world.advance(30 * HOUR_MS)
  const folded = await Promise.all(seen.map(({ at }) => look(at)))
  expect(folded.map(({ past }) => past)).toEqual(seen.map(() => true))
  expect(folded.map(({ agents, edges }) => ({ agents, edges }))).toEqual(
    seen.map(({ agents, edges }) => ({ agents, edges })),
  )
  // The instants differ in what is looked at: five times the same picture would fold as well.
  const told = seen.map(({ agents }) => {
    const { openItems, incidents, status } = agents.find(({ id }) => id === 'layer-2')!
    return [status, openItems, incidents.addressed.length, incidents.held.length]
  })
  expect(new Set(told.map(String)).size).toBe(5)
  await expect(look('tomorrow')).rejects.toMatchObject({ code: 'usage.at' })
  await expect(look('2999-01-01T00:00:00Z')).rejects.toMatchObject({ code: 'usage.at' })
})
