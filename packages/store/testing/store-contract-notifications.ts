import { describe, expect, it } from 'vitest'
import { DELIVERIES_KEPT } from '../src/notification-store.ts'
import type { StoreHarness } from './store-contract-rows.ts'

const MAIL = { channel: 'mail', to: 'ada@example.org' }

/** What the store promises about what it keeps for telling people. */
export function notificationContract(harness: () => StoreHarness): void {
  const kept = () => harness().store.notifications
  describe('people', () => {
    const ada = { person: 'Ada', agent: 'layer-2', contacts: [MAIL], createdBy: 'root' }

    it('are kept once a seat, with their last contacts, and removed by seat', async () => {
      const first = await kept().putPerson(ada)
      expect(first).toStrictEqual({ ...ada, createdAt: first.createdAt })
      const second = await kept().putPerson({ ...ada, contacts: [], createdBy: 'eve' })
      expect(second).toStrictEqual({ ...first, contacts: [] })
      const standby = await kept().putPerson({ ...ada, agent: null })
      expect(await kept().people()).toStrictEqual([standby, second])
      expect([await kept().removePerson('Ada', null), await kept().removePerson('Ada', null)]).toEqual([
        true,
        false,
      ])
      expect(await kept().people()).toStrictEqual([second])
    })

    it('stand in one at a level, the last one named', async () => {
      const standIn = { level: 'chief', person: 'Ada', fromAt: 1, untilAt: 2, createdBy: 'root' }
      await kept().putStandIn(standIn)
      await kept().putStandIn({ ...standIn, person: 'Bob', untilAt: 3 })
      await kept().putStandIn({ ...standIn, level: 'ceo' })
      expect(await kept().standIns()).toStrictEqual([
        { ...standIn, level: 'ceo' },
        { ...standIn, person: 'Bob', untilAt: 3 },
      ])
      expect([await kept().removeStandIn('ceo'), await kept().removeStandIn('ceo')]).toEqual([true, false])
    })
  })

  describe('a channel', () => {
    it('has a unique name, until it is removed', async () => {
      const hook = { name: 'hook', kind: 'webhook', spec: { url: 'https://x' }, createdBy: 'root' }
      const added = await kept().addChannel(hook)
      expect(added).toStrictEqual({ ...hook, createdAt: added?.createdAt })
      expect(await kept().addChannel({ ...hook, kind: 'slack' })).toBeNull()
      expect(await kept().channels()).toStrictEqual([added])
      expect([await kept().removeChannel('hook'), await kept().removeChannel('hook')]).toEqual([true, false])
      expect(await kept().channels()).toEqual([])
    })
  })

  deliveryCases(harness)
  linkCases(harness)
}

function deliveryCases(harness: () => StoreHarness): void {
  const kept = () => harness().store.notifications
  const tried = (id: string, attempt: number, channel = 'hook') => ({
    id,
    attempt,
    notificationId: 'n1',
    channel,
    incidentId: 'i1',
    agent: 'layer-2',
    person: null,
    notice: 'incident.notice',
    status: 'failed' as const,
    code: 503,
    latencyMs: 12,
    why: 'HTTP 503',
  })

  describe('deliveries', () => {
    it('come back by filter, the newest first', async () => {
      await kept().keepDelivery(tried('d1', 1))
      await kept().keepDelivery(tried('d1', 2))
      await kept().keepDelivery({ ...tried('d2', 1, 'mail'), incidentId: 'i2' })
      const ids = async (filter: object) =>
        (await kept().deliveries({ limit: 10, ...filter })).map(({ id, attempt }) => `${id} ${attempt}`)
      expect(await ids({ id: 'd1' })).toEqual(['d1 2', 'd1 1'])
      expect(await ids({ channel: 'mail' })).toEqual(['d2 1'])
      expect(await ids({ incidentId: 'i1', limit: 1 })).toEqual(['d1 2'])
      const [row] = await kept().deliveries({ id: 'd2', limit: 1 })
      expect(row).toStrictEqual({ ...tried('d2', 1, 'mail'), incidentId: 'i2', at: row!.at })
    })

    it('of a channel are bounded: the oldest go', async () => {
      await kept().keepDelivery(tried('other', 1, 'mail'))
      // Four at a time: the point is their number, not their order.
      for (let n = 0; n < DELIVERIES_KEPT + 20; n += 4)
        await Promise.all([0, 1, 2, 3].map((next) => kept().keepDelivery(tried('d', n + next))))
      const all = await kept().deliveries({ limit: 2 * DELIVERIES_KEPT })
      const own = all.filter(({ channel }) => channel === 'hook')
      expect(all).toHaveLength(own.length + 1)
      expect(own.length).toBeLessThanOrEqual(DELIVERIES_KEPT)
      expect(own.length).toBeGreaterThan(DELIVERIES_KEPT * 0.9)
      expect(own.map(({ attempt }) => attempt)).toContain(DELIVERIES_KEPT + 19)
      expect(own.map(({ attempt }) => attempt)).not.toContain(0)
    })
  })
}

function linkCases(harness: () => StoreHarness): void {
  const kept = () => harness().store.notifications
  const link = { id: 'l1', incidentId: 'i1', epoch: 2, agent: 'layer-2', person: 'Ada' }

  describe('a link to answer by', () => {
    it('is found by the hash of its secret, and used once', async () => {
      const added = await kept().addAckLink({ ...link, hash: 'h1', lifeMs: 600_000 })
      const { createdAt } = added
      expect(added).toStrictEqual({ ...link, createdAt, expiresAt: createdAt + 600_000, usedAt: null })
      expect(await kept().findAckLink('h1')).toStrictEqual(added)
      expect(await kept().findAckLink('l1')).toBeNull()
      const uses = await Promise.all([kept().useAckLink('h1'), kept().useAckLink('h1')])
      expect(uses.filter(Boolean)).toHaveLength(1)
      expect((await kept().findAckLink('h1'))?.usedAt).toEqual(expect.any(Number))
      await kept().freeAckLink('h1')
      expect(await kept().useAckLink('h1')).toBe(true)
      expect(await kept().useAckLink('h2')).toBe(false)
    })

    it('is of no use once it has expired', async () => {
      await kept().addAckLink({ ...link, hash: 'h3', lifeMs: 0 })
      expect(await kept().useAckLink('h3')).toBe(false)
    })
  })
}
