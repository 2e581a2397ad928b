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
  it('that peers leave unsettled for a day is one incident of its sender', async () => {
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

/** Two layers measured what each of them proposes, and the other one's is clearly better. */
const measured = (one: string, other: string) => ({
  measure: 'p95 ms',
  better: 'lower',
  positions: [
    { position: 'cache it', by: other, value: 12, samples: 400 },
    { position: 'a larger pool', by: one, value: 80, samples: 400 },
  ],
})

/** One layer names a conflict with another, unsettled for a day and a little more. */
async function climbed(from: string, domainSeat: 'human' | 'built-in', to = 'layer-14') {
  const world = new AgentsWorld()
  if (domainSeat === 'human') await world.tell('domain-1', { type: 'seat', seat: 'human', as: 'operator' })
  const body = { about: 'slow pages', evidence: measured(from, to) }
  const conflict = { from, to: [to], type: 'conflict', subject: 'slow pages', body }
  const [thread] = await world.send(conflict)
  await world.advance(DAY + 1)
  const first = async () => (await world.incidentsOf(from))[0]!
  return { world, thread: thread!, first }
}

describe('a measured conflict that climbed', () => {
  it('is decided by the domain, in its own thread, and is over with that', async () => {
    const { world, thread, first } = await climbed('layer-3', 'built-in')
    expect(await first()).toMatchObject({ status: 'resolved', level: 'domain' })
    const decisions = await world.store.listMessages({ types: ['decision'], limit: 9 })
    expect(new Set(decisions.map(({ toActor }) => toActor))).toEqual(new Set(['layer-3', 'layer-14']))
    expect(decisions[0]).toMatchObject({ from: 'domain-1', correlationId: thread })
    expect((await world.mind('layer-3')).late).toEqual([])
    await world.advance(7 * DAY)
    expect(await world.incidentsOf('layer-3')).toHaveLength(1)
  })

  it('is decided by the chief two days later when the domain has not, and is over with that', async () => {
    const { world, thread, first } = await climbed('layer-3', 'human')
    expect(await first()).toMatchObject({ status: 'triggered', level: 'domain' })
    await world.advance(2 * DAY + 1)
    expect(await first()).toMatchObject({ status: 'resolved', level: 'chief' })
    const [decision] = await world.store.listMessages({ types: ['decision'], limit: 9 })
    expect(decision).toMatchObject({
      from: 'chief-1',
      correlationId: thread,
      body: { decision: 'cache it', binding: true, thread },
    })
    expect(await world.log('layer-3')).toContain('message.answered')
  })

  it('with a layer of another domain is not the domain’s, and the chief decides it', async () => {
    const { world, first } = await climbed('layer-3', 'built-in', 'layer-20')
    expect(await first()).toMatchObject({ status: 'triggered', level: 'domain' })
    expect((await world.log('domain-1')).at(-1)).toBe('agent.undecided')
    await world.advance(2 * DAY + 1)
    expect(await first()).toMatchObject({ status: 'resolved', level: 'chief' })
  })
})
