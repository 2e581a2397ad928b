import { describe, expect, it } from 'vitest'
import type { NewAccount } from '../src/account-store.ts'
import type { StoreHarness } from './store-contract-rows.ts'

const person = (id: string, more: Partial<NewAccount> = {}): NewAccount => ({
  id,
  kind: 'person',
  issuer: 'home',
  subject: id,
  display: id,
  label: id,
  createdBy: null,
  ...more,
})

/** What every store promises of accounts. */
export function accountContract(harness: () => StoreHarness): void {
  describe('an account', () => {
    it('is found by its id, its subject and its label, and has neither of another', async () => {
      const { store, second } = harness()
      const ada = { id: 'ada', kind: 'person', issuer: 'home', subject: 'ada', display: 'Ada' } as const
      const kept = await store.accounts.add({ ...ada, label: 'ada', createdBy: 'root' })
      expect(kept).toStrictEqual({ ...ada, createdBy: 'root', createdAt: expect.any(Number) })
      expect(await store.accounts.add(person('a2', { label: 'ada' }))).toBeNull()
      expect(await store.accounts.add(person('a3', { subject: 'ada' }))).toBeNull()
      const bea = await store.accounts.add(person('bea', { subject: 'ada', issuer: 'https://idp' }))
      const { accounts } = await second()
      expect(await accounts.list()).toStrictEqual([kept, bea])
      expect(await accounts.find('ada')).toStrictEqual(kept)
      expect(await accounts.findSubject('https://idp', 'ada')).toStrictEqual(bea)
      expect(await accounts.findLabel('ada')).toStrictEqual(kept)
      expect([await accounts.find('a2'), await accounts.findLabel('x')]).toEqual([null, null])
    })

    it('claims a token of before there were accounts, once', async () => {
      const { store } = harness()
      const about = { holder: 'operator', person: 'Ada', scopes: ['admin'], createdBy: 'root', lifeMs: 9_000 }
      await store.addToken({ id: 't1', hash: 'h1', ...about, account: null, mintedBy: null })
      expect(await store.accounts.claimToken('t1', 'ada')).toBe(true)
      expect(await store.accounts.claimToken('t1', 'bea')).toBe(false)
      expect((await store.findToken('h1'))?.account).toBe('ada')
    })
  })

  describe('a link that signs in', () => {
    it('is used once, and not after its end', async () => {
      const { store, second, pass } = harness()
      const link = { account: 'ada', holder: 'operator', createdBy: null }
      await store.accounts.addLink({ hash: 'l1', ...link, lifeMs: 60_000 })
      await store.accounts.addLink({ hash: 'l2', ...link, lifeMs: 1_000 })
      const used = await Promise.all([store.accounts.useLink('l1'), (await second()).accounts.useLink('l1')])
      expect(used.filter((one) => one !== null)).toStrictEqual([link])
      await pass(2_000)
      expect([await store.accounts.useLink('l2'), await store.accounts.useLink('l3')]).toEqual([null, null])
    })
  })

  describe('a single operator', () => {
    it('is the only person', async () => {
      const { store, second } = harness()
      await store.accounts.add(person('ada'))
      await store.accounts.add(person('robot', { kind: 'service', issuer: 'runtime' }))
      expect(await store.accounts.setSingleOperator('robot')).toBe(false)
      expect(await store.accounts.singleOperator()).toBeNull()
      expect(await store.accounts.setSingleOperator('ada')).toBe(true)
      expect(await (await second()).accounts.singleOperator()).toBe('ada')
      await store.accounts.add(person('bea'))
      expect(await (await second()).accounts.singleOperator()).toBeNull()
      expect(await store.accounts.setSingleOperator('ada')).toBe(false)
      expect(await store.accounts.setSingleOperator(null)).toBe(true)
    })
  })
}
