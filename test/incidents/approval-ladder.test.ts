import { type ActorState } from '@esa/actor'
import { APPROVAL_TYPE, approvalView } from '@esa/escalation'
import { statementHash, tokenedBy } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

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

  it('is rejected without evidence, and whoever ordered it learns why', async () => {
    const { world, approval, built } = await proposed({}, 'built-in')
    expect([(await approval()).status, built()]).toEqual(['rejected', false])
    expect(await world.log('layer-1')).toContain('index.failed')
  })

  it('goes up the ladder of whoever asked when nobody answers in an hour, and is taken back once somebody has', async () => {
    const { world, approval, built } = await proposed(GOOD, 'human')
    const [item] = Object.values((await world.mind('chief-1')).inbox)
    expect(item).toMatchObject({ type: 'proposal', body: { data: { statement: DDL, hash: HASH } } })
    await world.advance(HOUR)
    expect(await world.incidentsOf('layer-1')).toEqual([])
    await world.advance(1)
    const [blocker] = await world.incidentsOf('layer-1')
    expect(blocker).toMatchObject({ category: 'blocker', status: 'triggered' })
    const { id } = await approval()
    await world.tell(id, { type: 'approve', as: 'agent-0', by: tokenedBy('Ada', 't'), hash: HASH })
    expect([(await approval()).status, built()]).toEqual(['used', true])
    expect(await world.incident(blocker!.id)).toMatchObject({ status: 'resolved' })
    expect((await world.mind('chief-1')).inbox).toEqual({})
  })

  it('that is asked back for goes up the same ladder: a question is no answer', async () => {
    const { world, approval } = await proposed({ method: null, why: 'no copy' }, 'built-in')
    expect([(await approval()).status, await world.log('chief-1')]).toEqual([
      'asked',
      expect.arrayContaining(['agent.asked_back', 'agent.undecided']),
    ])
    await world.advance(HOUR + 1)
    expect(await world.incidentsOf('layer-1')).toMatchObject([{ category: 'blocker' }])
  })
})
