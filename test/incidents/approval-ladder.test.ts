import { type ActorState } from '@esa/actor'
import { APPROVAL_TYPE, approvalView } from '@esa/escalation'
import { askApproval } from '@esa/operations'
import { type Identity, statementHash, tokenedBy } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

/** A person whom an identity provider vouches for, with an account that is older than everything here. */
const ADA = {
  account: 'ada',
  kind: 'person',
  issuer: 'https://idp',
  accountAt: 0,
  tokenAt: 0,
  alone: false,
  line: ['ada'],
  own: ['ada'],
} satisfies Identity

const HOUR = 3_600_000
const DDL = 'CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON shop.orders (customer_id)'
const HASH = statementHash(DDL)
const GOOD = { p95MsBefore: 400, p95MsAfter: 4, sizeBytes: 1_000 }

/** Layer 1 has tried an index for its chief, and proposes it. */
async function proposed(evidence: object, seat: 'human' | 'built-in') {
  const world = new AgentsWorld()
  await world.tell('chief-1', { type: 'seat', seat, as: 'operator' })
  const proposedIndex = { schema: 'shop', relation: 'orders', columns: ['customer_id'], name: 'i', ddl: DDL }
  const asker = { from: 'chief-1', task: 'build-index', messageId: 'm', thread: 'm' }
  const change = { target: 'shop', incidentId: 'I', proposedIndex, before: 400, asker }
  await world.tell('layer-1', { type: 'index.rehearsed', ...change, evidence: { ...evidence } })
  const approval = async () => {
    const [actor] = await world.store.listActors({ type: APPROVAL_TYPE })
    return approvalView(actor?.state as ActorState)
  }
  const built = () => world.requests.some(({ activity }) => activity === 'index.build')
  return { world, approval, built }
}

describe('the approval of an index', () => {
  it('is given by the chief’s policy on what was measured, used up, and only then built', async () => {
    const { world, approval, built } = await proposed(GOOD, 'built-in')
    expect([(await approval()).status, built()]).toEqual(['used', true])
    expect(world.requests.find(({ activity }) => activity === 'index.build')?.input).toMatchObject({
      hash: HASH,
    })
    expect(await world.log('chief-1')).toContain('agent.approved')
    await world.advance(48 * HOUR)
    expect(await world.incidentsOf('layer-1')).toEqual([])
  })

  it('is rejected without evidence, and the orderer learns why', async () => {
    const { world, approval, built } = await proposed({}, 'built-in')
    expect([(await approval()).status, built()]).toEqual(['rejected', false])
    expect(await world.log('layer-1')).toContain('index.failed')
  })

  it('escalates from the requester without an answer in an hour, and is withdrawn after an answer', async () => {
    const { world, approval, built } = await proposed(GOOD, 'human')
    const [item] = Object.values((await world.mind('chief-1')).inbox)
    expect(item).toMatchObject({ type: 'proposal', body: { data: { statement: DDL, hash: HASH } } })
    await world.advance(HOUR)
    expect(await world.incidentsOf('layer-1')).toEqual([])
    await world.advance(1)
    const [blocker] = await world.incidentsOf('layer-1')
    expect(blocker).toMatchObject({ category: 'blocker', status: 'triggered' })
    const { id } = await approval()
    await world.tell(id, { type: 'approve', as: 'agent-0', by: tokenedBy('Ada', 't'), who: ADA, hash: HASH })
    expect([(await approval()).status, built()]).toEqual(['used', true])
    expect(await world.incident(blocker!.id)).toMatchObject({ status: 'resolved' })
    expect((await world.mind('chief-1')).inbox).toEqual({})
  })

  it('that is queried escalates the same way: a question is not an answer', async () => {
    const { world, approval } = await proposed({ method: null, why: 'no copy' }, 'built-in')
    expect([(await approval()).status, await world.log('chief-1')]).toEqual([
      'asked',
      expect.arrayContaining(['agent.asked_back', 'agent.undecided']),
    ])
    await world.advance(HOUR + 1)
    expect(await world.incidentsOf('layer-1')).toMatchObject([{ category: 'blocker' }])
  })
})

/** Layer 1 has the chief's orders for one and the same index, each tried on a copy when its turn comes. */
async function ordering(seat: 'human' | 'built-in') {
  const world = new AgentsWorld()
  await world.tell('chief-1', { type: 'seat', seat, as: 'operator' })
  const proposedIndex = { schema: 'shop', relation: 'orders', columns: ['customer_id'], name: 'i', ddl: DDL }
  const order = async (incidentId: string, evidence: object): Promise<void> => {
    const body = { task: 'build-index', data: { target: 'shop', proposedIndex, incidentId, before: 400 } }
    await world.send({ from: 'chief-1', to: ['layer-1'], type: 'task_request', subject: 'an index', body })
    const { input } = world.requests.findLast(({ activity }) => activity === 'index.rehearse')!
    await world.tell('layer-1', { ...input, type: 'index.rehearsed', evidence: { ...evidence } })
  }
  const approvals = async () =>
    (await world.store.listActors({ type: APPROVAL_TYPE })).map(({ state }) => state)
  const approve = async (): Promise<void> => {
    const { id } = (await approvals()).find(({ live }) => live)!
    await world.tell(id, { type: 'approve', as: 'agent-0', by: tokenedBy('Ada', 't'), who: ADA, hash: HASH })
  }
  const built = () => world.requests.filter(({ activity }) => activity === 'index.build')
  const works = async () => Object.keys((await world.mind('layer-1')).works ?? {})
  return { world, order, approvals, approve, built, works }
}

describe('a proposal of another agent’s request', () => {
  it.each([
    ['layer-60', 'additive'],
    ['layer-1', 'major'],
  ])('moves nothing when %s sends it as a change that is %s', async (from, change) => {
    const { world, approval, built } = await proposed({ method: null, why: 'no copy' }, 'built-in')
    const evidence = { ...GOOD, rollback: 'drop index i', blockedMsMax: 1 }
    const { id } = await approval()
    const about = { kind: 'statement', approvalId: id, target: 'shop', statement: DDL, hash: HASH }
    const body = { proposal: 'it helps', data: { ...about, change, evidence } }
    await world.send({ from, to: ['chief-1'], type: 'proposal', subject: 'an index', body })
    expect(await world.log('chief-1')).toContain('agent.approved')
    expect([(await approval()).status, built()]).toEqual(['asked', false])
  })
})

describe('a statement that is requested by hand', () => {
  const ada = tokenedBy('Ada', 't')
  const drop = { target: 'shop', statement: 'drop table old_orders' }

  it('is proposed again when it is requested again, and refused as another kind of change', async () => {
    const world = new AgentsWorld()
    const caller = { account: async () => ADA }
    const asking = { host: world.host, caller } as unknown as Parameters<typeof askApproval>[0]
    const { id } = await askApproval(asking, { ...drop, kind: 'major' }, { by: ada, because: 'unused' })
    const again = await askApproval(
      asking,
      { ...drop, kind: 'major' },
      { by: ada, because: 'unused since May' },
    )
    expect(again).toMatchObject({ id, because: 'unused since May' })
    await expect(
      askApproval(asking, { ...drop, kind: 'destructive' }, { by: ada, because: 'unused' }),
    ).rejects.toMatchObject({ code: 'approval.other-kind' })
  })
})

describe('an index that is ordered again while its approval is open', () => {
  const freeze = { type: 'freeze', target: 'shop', reason: 'rows are missing', as: 'operator' }
  const thaw = { type: 'thaw', target: 'shop', as: 'operator' }

  it('is built on what was granted before the freeze, once, for the order that came after it', async () => {
    const { world, order, approvals, approve, built, works } = await ordering('human')
    await order('I1', GOOD)
    await world.tell('layer-1', freeze)
    await approve()
    expect([(await approvals())[0]?.status, built(), await works()]).toEqual(['granted', [], []])
    await world.tell('layer-1', thaw)
    await order('I2', GOOD)
    expect((await approvals()).map(({ status }) => status)).toEqual(['used'])
    expect(built()).toMatchObject([{ input: { incidentId: 'I2', hash: HASH } }])
    expect(await works()).toHaveLength(1)
  })

  it('is requested again once what was granted has lapsed', async () => {
    const { world, order, approve, built, works } = await ordering('human')
    await order('I1', GOOD)
    await world.tell('layer-1', freeze)
    await approve()
    await world.advance(15 * 60_000 + 1)
    await world.tell('layer-1', thaw)
    await order('I2', GOOD)
    expect(Object.values((await world.mind('chief-1')).inbox)).toMatchObject([{ type: 'proposal' }])
    await world.advance(HOUR + 1)
    expect(await world.incidentsOf('layer-1')).toMatchObject([{ category: 'blocker' }])
    await approve()
    expect([built().length, await works()]).toMatchObject([1, [expect.any(String)]])
  })

  it('is decided by the chief on the evidence that it had requested; the order before it is answered', async () => {
    const { world, order, approvals, built, works } = await ordering('built-in')
    await order('I1', { method: null, why: 'no copy' })
    expect([(await approvals())[0]?.status, (await works()).length]).toEqual(['asked', 1])
    await order('I2', GOOD)
    expect((await approvals()).map(({ status }) => status)).toEqual(['used'])
    expect(built()).toMatchObject([{ input: { incidentId: 'I2' } }])
    expect(await works()).toHaveLength(1)
    expect((await world.mind('chief-1')).inbox).toEqual({})
    await world.advance(48 * HOUR)
    expect(await world.incidentsOf('layer-1')).toEqual([])
  })

  it.each([
    ['withdrawn', { type: 'withdraw', as: 'operator', by: 'Ada' }],
    ['expired', null],
  ])('is answered when the approval is %s', async (status, withdraw) => {
    const { world, order, approvals, works } = await ordering('human')
    await order('I1', GOOD)
    const [{ id }] = (await approvals()) as [ActorState]
    if (withdraw === null) await world.advance(7 * 24 * HOUR + 1)
    else await world.tell(id, withdraw)
    expect([(await approvals())[0]?.status, await works()]).toEqual([status, []])
    expect((await world.mind('layer-1')).tally).toMatchObject({ failed: 1 })
  })

  it('that is over before its proposal arrives needs no decision', async () => {
    const world = new AgentsWorld()
    await world.tell('agent-0', { type: 'seat', seat: 'human', as: 'operator' })
    const settled = { type: 'approval.settled', approvalId: 'A', status: 'withdrawn' }
    await world.tell('agent-0', { ...settled, from: 'A', as: 'A' })
    for (const approvalId of ['A', 'B'])
      await world.tell('agent-0', {
        type: 'proposal',
        from: 'chief-1',
        as: 'chief-1',
        messageId: `m-${approvalId}`,
        proposal: 'drop it',
        data: { kind: 'statement', approvalId },
      })
    expect(Object.keys((await world.mind('agent-0')).inbox)).toEqual(['m-B'])
  })
})
