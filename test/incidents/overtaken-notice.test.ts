import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const about = {
  incidentId: 'I1',
  agent: 'layer-1',
  category: 'performance',
  level: 'chief',
  title: 'slow',
  evidence: {
    kind: 'slow-query',
    target: 'shop',
    proposedIndex: { name: 'i', ddl: 'x' },
    metric: { value: 400 },
  },
}

/** What the inbox holds after an agent got these, in this order. */
async function inboxAfter(agent: string, ...told: [type: string, visit: number][]): Promise<string[]> {
  const world = new AgentsWorld()
  for (const [type, visit] of told) await world.tell(agent, { ...about, type, visit })
  return Object.keys((await world.mind(agent)).inbox)
}

describe('messages of one incident, which have no order among themselves', () => {
  it.each(['incident.closed', 'incident.taken'])(
    '%s ends the notice of its visit in both orders',
    async (end) => {
      expect(await inboxAfter('layer-14', ['incident.notice', 1], [end, 1])).toEqual([])
      expect(await inboxAfter('layer-14', [end, 1], ['incident.notice', 1])).toEqual([])
      expect(await inboxAfter('layer-14', [end, 2], ['incident.notice', 1], ['incident.notice', 2])).toEqual(
        [],
      )
    },
  )

  it('a level that is notified again is not ended by what ended its round before, in both orders', async () => {
    expect(await inboxAfter('layer-14', ['incident.taken', 1], ['incident.notice', 2])).toEqual(['I1'])
    expect(await inboxAfter('layer-14', ['incident.notice', 2], ['incident.taken', 1])).toEqual(['I1'])
    const late: [string, number][] = [
      ['incident.taken', 2],
      ['incident.taken', 1],
      ['incident.notice', 2],
    ]
    expect(await inboxAfter('layer-14', ...late)).toEqual([])
  })

  it('a built-in seat leaves alone what is over, and its log says so', async () => {
    const world = new AgentsWorld()
    for (const type of ['incident.closed', 'incident.notice'])
      await world.tell('chief-1', { ...about, type, visit: 1 })
    expect(await world.log('chief-1')).toEqual(['agent.opened', 'agent.released', 'agent.overtaken'])
  })

  it('a mailbox remembers no more ends than it needs', async () => {
    const world = new AgentsWorld()
    for (let n = 0; n < 1_010; n++)
      await world.tell('layer-14', { type: 'incident.closed', incidentId: `I${n}`, visit: 1 })
    const { over } = await world.mind('layer-14')
    expect([over?.length, over?.at(-1)?.incidentId]).toEqual([1_000, 'I1009'])
  })
})
