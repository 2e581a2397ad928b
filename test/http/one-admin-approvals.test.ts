import { type Approval } from '@esa/escalation'
import { askApproval, consumeApproval, type requireApproval } from '@esa/operations'
import {
  accountForSubject,
  beSingleOperator,
  endSingleOperator,
  homePerson,
  issueToken,
  redeemLink,
  signInLink,
} from '@esa/operations/accounts'
import { type Identity, isEsaError, statementHash } from '@esa/protocol'
import { type AccountRow, identityOf, type TokenRow } from '@esa/store'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { TESTER } from '../protocols/protocol-world.ts'
import { HttpWorld } from './http-world.ts'

type Voter = Awaited<ReturnType<typeof requireApproval>>['voters'][number]

const DAY = 24 * 3_600_000
const MINUTE = 60_000
const DROP = 'drop table old_orders'

let world: HttpWorld
let ada: AccountRow
let admin: { token: string; row: TokenRow }

beforeEach(async () => {
  world = await HttpWorld.start({ loopback: true })
  ada = await accountForSubject(store(), { issuer: 'https://idp', subject: 'ada', display: 'Ada' })
  await world.world.advance(2 * DAY)
  admin = await signIn(ada)
  await world.world.advance(MINUTE)
})
afterEach(() => world.close())

const store = () => world.world.store

const signIn = (account: AccountRow, as = 'operator') =>
  issueToken(store(), { account, as, scopes: ['admin'], lifeMs: DAY / 2 })

/** Asks for the statement, with the identity of a token or none. */
async function ask(token: TokenRow | null, kind: 'destructive' | 'major' = 'destructive'): Promise<Approval> {
  const who = token === null ? null : await identityOf(store(), token)
  const about = { target: 'shop', statement: DROP, kind }
  const asked = await askApproval(operated(who), about, { by: 'x', because: 'unused' })
  await world.world.advance(1)
  return asked
}

/** Whether the statement may run now: `runs`, or why not. */
async function run(kind: 'destructive' | 'major' = 'destructive'): Promise<string> {
  const asked = { target: 'shop', hash: statementHash(DROP), kind, statement: DROP }
  return await consumeApproval(operated(null), asked).then(
    () => 'runs',
    (error: unknown) => (isEsaError(error) ? error.code : String(error)),
  )
}

function operated(who: Identity | null) {
  const caller = { ...TESTER, account: async () => who }
  return { ...world.world.ports().world, caller }
}

/** What the API says to an approval with a token: `given`, or why not. */
async function approve({ id, hash }: Approval, token: string, as = 'operator'): Promise<string> {
  const response = await world.send(`/approvals/${id}/approve`, { as, hash }, token)
  return response.ok ? 'given' : ((await response.json()) as { code: string }).code
}

/** What the API says to a new token: its secret and its id, or why not. */
async function mint(person: string, as = 'operator'): Promise<{ token: string; id: string; code?: string }> {
  const asked = { as, person, scopes: ['admin'], for: '30d' }
  return (await (await world.send('/tokens', asked, admin.token)).json()) as { token: string; id: string }
}

const rowOf = async (id: string): Promise<TokenRow> =>
  (await store().listTokens()).find((row) => row.id === id)!

const status = async ({ id }: Approval): Promise<string> => (await world.get(`/approvals/${id}`)).status

it('asks, and approves it', async () => {
  const asked = await ask(admin.row)
  expect([await approve(asked, admin.token), await status(asked), await run()]).toEqual([
    'approval.own-request',
    'asked',
    'approval.missing',
  ])
})

it('makes a token and approves with it', async () => {
  const asked = await ask(null)
  const made = await mint('Bea')
  expect([await approve(asked, made.token), await status(asked)]).toEqual(['approval.not-a-person', 'asked'])
})

it('made a token long ago, names it like a person', async () => {
  for (const name of ['Ada', ' ADA', 'Ａda', 'ada '])
    expect((await mint(name)).code).toBe('account.name-taken')
  expect((await mint('Аda')).code).toBe('usage.person')
  const made = await mint('Bea')
  await world.world.advance(20 * DAY)
  const asked = await ask(null)
  expect([await approve(asked, made.token), await status(asked)]).toEqual(['approval.not-a-person', 'asked'])
})

it('has a service ask, and approves it', async () => {
  const { id } = await mint('a robot', 'layer-1')
  const asked = await ask(await rowOf(id))
  expect([await approve(asked, admin.token), await status(asked)]).toEqual(['approval.own-request', 'asked'])
})

it('approves twice, in two seats', async () => {
  const seat = await signIn(ada, 'chief-1')
  await world.world.advance(1)
  const asked = await ask(null)
  expect(await approve(asked, admin.token)).toBe('given')
  expect([await approve(asked, seat.token, 'chief-1'), await run()]).toEqual([
    'approval.twice',
    'approval.missing',
  ])
})

it('signs in again and approves a second time', async () => {
  const again = await signIn(ada)
  await world.world.advance(1)
  const asked = await ask(null)
  expect([await approve(asked, admin.token), await approve(asked, again.token), await run()]).toEqual([
    'given',
    'approval.twice',
    'approval.missing',
  ])
})

it('makes a person’s account on the host, and approves with it', async () => {
  const { account } = await homePerson(store(), 'Bea', ada.id)
  const secret = await signInLink(store(), { account, as: 'operator', createdBy: ada.id })
  await world.world.advance(1)
  const { token } = await redeemLink(store(), secret)
  await world.world.advance(1)
  const young = await ask(null)
  expect(await approve(young, token)).toBe('approval.too-young')
  await world.world.advance(DAY)
  const link = await signInLink(store(), { account, as: 'operator', createdBy: ada.id })
  const [bea, own] = [await redeemLink(store(), link), await signIn(ada)]
  await world.world.advance(1)
  const asked = await ask(own.row)
  expect(await approve(asked, bea.token)).toBe('approval.own-request')
  await world.send(`/approvals/${asked.id}/withdraw`, { hash: asked.hash }, own.token)
  const another = await ask(null)
  expect([await approve(another, own.token), await approve(another, bea.token), await run()]).toEqual([
    'given',
    'approval.twice',
    'approval.missing',
  ])
})

it('approves once what a service of the host requested', async () => {
  const asked = await ask(null)
  expect([await approve(asked, admin.token), await status(asked), await run()]).toEqual([
    'given',
    'partly',
    'approval.missing',
  ])
})

it('approves a `major` change that another account requested', async () => {
  const asked = await ask(null, 'major')
  expect([await approve(asked, admin.token), await run('major')]).toEqual(['given', 'runs'])
})

it('rejects or withdraws any request', async () => {
  for (const verb of ['reject', 'withdraw']) {
    const asked = await ask(null)
    const said = { hash: asked.hash, because: 'no' }
    expect((await world.send(`/approvals/${asked.id}/${verb}`, said, admin.token)).ok).toBe(true)
    expect(await run()).toBe('approval.missing')
  }
})

it('is the only person, with the mode for one operator', async () => {
  await beSingleOperator(store())
  const channel = { kind: 'webhook', url: 'https://ops.example.org', secret: 'env:OPS' }
  await store().notifications.addChannel({
    name: 'ops',
    kind: 'webhook',
    spec: { ...channel, level: 'ceo' },
    createdBy: 'x',
  })
  const asked = await ask(admin.row)
  expect(await approve(asked, admin.token)).toBe('given')
  const [told] = await store().listActors({ type: 'notification' })
  expect(told?.state.snapshot.context).toMatchObject({ announced: 'approval.alone', incidentId: asked.id })
  expect((await world.get(`/approvals/${asked.id}`)).given).toMatchObject([{ oneOperator: true }])
  expect(await world.get(`/approvals/${asked.id}`)).toMatchObject({ needed: 1, status: 'granted' })
  expect(await run()).toBe('approval.too-early')
  await world.world.advance(10 * MINUTE)
  expect(await run()).toBe('runs')
})

it('is not alone any more: the mode ends, and is refused', async () => {
  await beSingleOperator(store())
  await homePerson(store(), 'Bea', null)
  const asked = await ask(admin.row)
  expect([await approve(asked, admin.token), await status(asked)]).toEqual(['approval.own-request', 'asked'])
  await expect(beSingleOperator(store())).rejects.toMatchObject({ code: 'account.not-alone' })
})

it('two home persons older than a day approve, and are shown with who vouches for them', async () => {
  const [bea, cem] = [await homePerson(store(), 'Bea', null), await homePerson(store(), 'Cem', null)]
  await world.world.advance(DAY)
  const tokens = [await signIn(bea.account), await signIn(cem.account)]
  await world.world.advance(1)
  const asked = await ask(admin.row)
  for (const { token } of tokens) expect(await approve(asked, token)).toBe('given')
  const { given } = await world.get(`/approvals/${asked.id}`)
  const vouchedBy = 'the holder of the home'
  expect(given).toMatchObject([{ vouchedBy }, { vouchedBy }])
  expect(await run()).toBe('runs')
})

it('a token of before there were accounts approves once it is claimed', async () => {
  const about = { holder: 'operator', person: 'Old', scopes: ['admin'], createdBy: 'x', lifeMs: 9 * DAY }
  const { account } = await homePerson(store(), 'Bea', null)
  const { hashOf } = await import('@esa/store')
  await store().addToken({ id: 'old', hash: hashOf('esa_old'), ...about, account: null, mintedBy: null })
  await world.world.advance(DAY)
  const asked = await ask(null)
  expect(await approve(asked, 'esa_old')).toBe('approval.not-a-person')
  expect(await store().accounts.claimToken('old', account.id)).toBe(true)
  expect(await approve(asked, 'esa_old')).toBe('given')
})

it('is named by the request, with who else may vote and why others may not', async () => {
  const bea = await homePerson(store(), 'Bea', null)
  await world.world.advance(DAY)
  for (const account of [bea.account, ada]) await signIn(account)
  const [cem] = [await homePerson(store(), 'Cem', null), await homePerson(store(), 'Dan', null)]
  await signIn(cem.account, 'chief-1')
  await world.world.advance(3 * 60 * MINUTE)
  const asked = await ask(admin.row)
  await accountForSubject(store(), { issuer: 'https://idp', subject: 'eve', display: 'Eve' }).then(signIn)
  const { whoMayVote, voters } = await world.get(`/approvals/${asked.id}`)
  expect((voters as Voter[]).map(({ name, seats, refusal }) => [name, seats, refusal])).toEqual([
    ['Bea', ['operator'], null],
    ['Ada', ['operator'], 'requested it, or its account is related to the requester’s'],
    ['Cem', ['chief-1'], 'the account is 3 h old, and counts from one day on'],
    ['Dan', [], 'not signed in; a sign-in counts for requests made after it'],
    ['Eve', ['operator'], 'the account was made after the request'],
  ])
  expect(whoMayVote).toContain('Now: Bea as operator (vouched for by the holder of the home)')
})

it('is shown as the one operator until the mode ends', async () => {
  const operator = async () => (await world.get('/status')).oneOperator
  expect(await operator()).toBeNull()
  await beSingleOperator(store())
  const asked = await ask(admin.row)
  const { whoMayVote, needed } = await world.get(`/approvals/${asked.id}`)
  expect([await operator(), needed]).toEqual(['Ada', 1])
  expect(whoMayVote).toMatch(/^one operator: Ada \(vouched for by https:\/\/idp\) approves alone/)
  expect(await endSingleOperator(store())).toBe(true)
  expect([await operator(), (await world.get(`/approvals/${asked.id}`)).needed]).toEqual([null, 2])
  expect(await approve(asked, admin.token)).toBe('approval.own-request')
})
