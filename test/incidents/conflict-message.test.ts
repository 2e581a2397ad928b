import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const DAY = 24 * 3_600_000

/** Layer 5 is at odds with two others about tokens. */
async function conflict(): Promise<{ world: AgentsWorld; thread: string; second: string }> {
  const world = new AgentsWorld()
  const [thread, second] = await world.send({
    from: 'layer-5',
    to: ['layer-4', 'layer-14'],
    type: 'conflict',
    subject: 'who issues tokens',
    body: { about: 'tokens', positions: ['layer 4 does', 'layer 5 does'] },
  })
  return { world, thread: thread!, second: second! }
}

const DECISION = {
  type: 'decision',
  subject: 'tokens',
  body: { decision: 'layer 4 does', because: 'it has the keys' },
}

describe('a conflict', () => {
  it('that peers leave unsettled for a day is one incident on the ladder of whoever named it', async () => {
    const { world, thread } = await conflict()
    await world.advance(DAY)
    expect(await world.incidentsOf('layer-5')).toEqual([])
    await world.advance(1)
    const incidents = await world.incidentsOf('layer-5')
    expect(incidents).toMatchObject([
      {
        category: 'conflict',
        evidence: { kind: 'conflict', thread, body: { positions: expect.any(Array) } },
      },
    ])
    expect(incidents[0]!.path.at(-1)).toMatchObject({ level: 'ceo' })
  })

  it.each(['layer-4', 'chief-1', 'layer-5'])('is settled by a decision of %s in its thread', async (from) => {
    const { world, thread } = await conflict()
    await world.send({ ...DECISION, from, to: [from === 'layer-5' ? 'layer-4' : 'layer-5'], thread })
    await world.advance(2 * DAY)
    expect(await world.incidentsOf('layer-5')).toEqual([])
  })

  it('is settled for every party by a person’s answer to it', async () => {
    const { world, second } = await conflict()
    await world.answer('layer-14', second, 'layer 4 does')
    expect((await world.mind('layer-5')).awaiting).toEqual({})
    expect(
      (await world.history('layer-5')).events.filter(({ type }) => type === 'message.answered'),
    ).toHaveLength(2)
  })

  it('is not settled by a decision in another thread', async () => {
    const { world } = await conflict()
    await world.send({ ...DECISION, from: 'layer-4', to: ['layer-5'], thread: 'another' })
    await world.send({ ...DECISION, from: 'layer-4', to: ['layer-5'] })
    await world.advance(DAY + 1)
    expect(await world.incidentsOf('layer-5')).toHaveLength(1)
  })
})
