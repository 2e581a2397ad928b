import { cardFacts } from '@esa/behavior'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'
import { projectOrg } from './project-org.ts'

/** Layer 1 under chief 2, with layers 4 and 5 as its peers. */
const edited = projectOrg((file, text) =>
  file.includes('/layer-1/')
    ? text
        .replace(
          '**Peer Support:** Layer #2 (API Structure), Layer #3 (Server Framework)',
          '**Peer Support:** Layer #4, Layer #5',
        )
        .replaceAll('Chief #1 (Foundation)', 'Chief #2')
    : text,
)
const card = (agent: string) => ({ type: 'card.changed', card: cardFacts(edited, agent) })

async function burden(world: AgentsWorld, items: number): Promise<void> {
  const message = { from: 'operator', to: ['layer-1'], type: 'proposal', subject: 'x' }
  for (let i = 0; i < items; i++) await world.send({ ...message, body: { proposal: 'x' } })
}

describe('a card that is edited while its agent has a mailbox', () => {
  it('decides from then on whom the agent asks and tells; what is open keeps its ladder', async () => {
    expect(cardFacts(edited, 'layer-1')).toMatchObject({ chief: 'chief-2', peers: ['layer-4', 'layer-5'] })
    const world = new AgentsWorld()
    await world.send({
      from: 'layer-1',
      to: ['layer-2'],
      type: 'blocker',
      subject: 'x',
      body: { blockedBy: 'x' },
    })
    const [pinned] = await world.incidentsOf('layer-1')
    expect(pinned!.path[0]).toMatchObject({ agents: ['chief-1'] })
    await burden(world, 16)
    world.adopt(edited)
    await world.tell('layer-1', card('layer-1'))
    const id = await world.task('layer-60', 'layer-1')
    expect((await world.mind('layer-4')).inbox[id]).toMatchObject({ from: 'layer-60' })
    await burden(world, 1)
    expect((await world.log('chief-2')).at(-1)).toBe('workload.reported')
    expect((await world.incident(pinned!.id)).path).toEqual(pinned!.path)
  })

  it('is taken once, from any worker, and again when it is edited back', async () => {
    const world = new AgentsWorld()
    await burden(world, 1)
    const taken = async (): Promise<number> =>
      (await world.log('layer-1')).filter((type) => type === 'agent.card_changed').length
    for (let worker = 0; worker < 3; worker++) await world.tell('layer-1', card('layer-1'))
    expect(await taken()).toBe(1)
    await world.tell('layer-1', { type: 'card.changed', card: cardFacts(world.org, 'layer-1') })
    await world.tell('layer-1', card('layer-1'))
    expect(await taken()).toBe(3)
  })

  it('reaches an agent that is stopped, and its chief has one less', async () => {
    const world = new AgentsWorld()
    await world.tell('layer-1', { type: 'stop', as: 'operator' })
    await world.tell('layer-1', card('layer-1'))
    await world.tell('layer-1', { type: 'resume', as: 'operator' })
    expect(await world.mind('layer-1')).toMatchObject({ chief: 'chief-2' })
    await world.tell('chief-1', { type: 'seat', seat: 'human', as: 'operator' })
    expect((await world.mind('chief-1')).team).toContain('layer-1')
    await world.tell('chief-1', card('chief-1'))
    expect((await world.mind('chief-1')).team).not.toContain('layer-1')
  })
})
