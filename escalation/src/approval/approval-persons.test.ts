import { type ActorState, step, type StepInput } from '@esa/actor'
import { buildDirectory } from '@esa/org'
import { type Identity, type JsonObject, statementHash, textOf, tokenedBy } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { approvalDefinition } from './approval-definition.ts'

const DAY = 24 * 3_600_000
const MINUTE = 60_000
const DROP = 'drop table shop.old_orders;'
const HASH = statementHash(DROP)

/** A person whom the holder of the home vouches for, two days old, signed in a minute before the request. */
function home(account: string, more: Partial<Identity> = {}): Identity {
  return {
    account,
    kind: 'person',
    issuer: 'home',
    accountAt: -2 * DAY,
    tokenAt: -MINUTE,
    alone: false,
    line: [account],
    own: [account],
    ...more,
  }
}

const [ADA, BEA, EVE] = [home('ada'), home('bea'), home('eve')]
/** A token that eve's token made: it acts for eve. */
const ROBOT = home('robot', { kind: 'service', line: ['robot', 'eve'], own: ['robot', 'eve'] })

/** A request for a destructive statement; instants are from its request. */
class Asked {
  readonly definition = approvalDefinition({ timeScale: 1 })
  state: ActorState
  at = 10 * DAY
  readonly began = this.at
  readonly said: string[] = []
  #n = 0

  constructor(who: Identity | null = EVE, kind = 'destructive') {
    const body: JsonObject = { target: 'shop', statement: DROP, kind, askedBy: 'layer-1', because: 'unused' }
    const asked = who === null ? body : { ...body, by: tokenedBy('Eve', 't0'), who: this.#since(who) }
    const opening = { actorId: 'A', from: 'operator', body: asked, at: this.at, consulted: [] }
    const input = this.definition.inputFrom(opening, buildDirectory([]))
    this.state = this.#step({ kind: 'start', id: 'A', input, event: {} }, null)
  }

  approve(who: Identity | null, { as = 'operator', name = who?.account ?? 'x', after = 1 } = {}): string {
    const whose = who === null ? {} : { who: this.#since(who) }
    return this.tell({ type: 'approve', as, by: tokenedBy(name, `t-${name}`), ...whose }, after)
  }

  use(after = 1): string {
    return this.tell({ type: 'use', as: 'operator', target: 'shop', kind: 'destructive' }, after)
  }

  tell(event: JsonObject & { type: string }, after = 1): string {
    this.at += after
    const { timer, epoch } = this.state
    if (timer !== null && this.at > timer.dueAt)
      this.state = this.#step({ kind: 'timer', id: `t${epoch}`, epoch }, this.state)
    const id = `i${(this.#n += 1)}`
    this.state = this.#step({ kind: 'event', id, event: { hash: HASH, ...event } }, this.state)
    return this.said.at(-1)!
  }

  /** Ages are written down in the tests as they are at the request. */
  #since(who: Identity): JsonObject {
    return { ...who, accountAt: this.began + who.accountAt, tokenAt: this.began + who.tokenAt }
  }

  #step(input: StepInput, state: ActorState | null): ActorState {
    const taken = step(this.definition, state, input, { at: this.at, unreachable: [] })
    for (const { type, data } of taken.events)
      this.said.push(type === 'command.refused' ? textOf(data['code']) : type)
    return taken.state
  }
}

describe('two approvals of a statement that may lose data', () => {
  it('are two home persons older than a day, also in one seat', () => {
    const asked = new Asked()
    expect([asked.approve(ADA), asked.use(), asked.approve(BEA), asked.use()]).toEqual([
      'approval.given',
      'approval.missing',
      'approval.given',
      'approval.used',
    ])
  })

  it('are not a person and a playbook: what that says is recorded and counts for no one', () => {
    const asked = new Asked()
    expect(asked.tell({ type: 'approve', as: 'chief-1' })).toBe('approval.given')
    expect([asked.approve(ADA), asked.use()]).toEqual(['approval.given', 'approval.missing'])
    expect([asked.approve(BEA), asked.use()]).toEqual(['approval.given', 'approval.used'])
  })

  it('lapse 15 minutes after the first of the two', () => {
    const asked = new Asked()
    asked.approve(ADA)
    asked.approve(BEA, { after: 14 * MINUTE })
    expect(asked.use(2 * MINUTE)).toBe('approval.expired')
  })

  it.each<[string, string, Identity | null, object?]>([
    ['self-minted: a token that the requester made', 'approval.not-a-person', ROBOT],
    [
      'pre-minted: a service’s token that is a year old',
      'approval.not-a-person',
      home('old', { kind: 'service', accountAt: -365 * DAY, tokenAt: -365 * DAY }),
    ],
    ['the requester’s', 'approval.own-request', EVE],
    ['the requester’s in another seat', 'approval.own-request', EVE, { as: 'chief-1' }],
    ['the requester’s, renamed', 'approval.own-request', EVE, { name: 'Ada' }],
    [
      'a descendant’s: the requester made the account',
      'approval.own-request',
      home('kid', { line: ['kid', 'eve'] }),
    ],
    [
      'a descendant’s: the requester made the link that it signed in by',
      'approval.own-request',
      home('bea', { line: ['bea', 'eve'] }),
    ],
    [
      'an account of the home that is not a day old',
      'approval.too-young',
      home('new', { accountAt: -DAY + 10 }),
    ],
    [
      'an account that is younger than the request',
      'approval.too-young',
      home('new', { issuer: 'https://idp', accountAt: 0 }),
    ],
    ['a sign-in that is younger than the request', 'approval.too-young', home('late', { tokenAt: 0 })],
    ['without an account', 'approval.without-token', null],
  ])('are refused when one is %s: %s', (_, code, who, how = {}) => {
    const asked = new Asked()
    expect([asked.approve(who, how), asked.state.status]).toEqual([code, 'asked'])
    expect([asked.approve(ADA), asked.approve(who, how), asked.use()]).toEqual([
      'approval.given',
      code,
      'approval.missing',
    ])
  })

  it('are refused when one is of the person for whom a service requested it', () => {
    const asked = new Asked(ROBOT)
    expect(asked.approve(EVE)).toBe('approval.own-request')
  })

  it.each<[string, Identity, object?]>([
    ['the same account under another name', ADA, { name: 'Zoe', as: 'chief-1' }],
    ['an account that the other approver made', home('kid', { line: ['kid', 'ada'] })],
  ])('are not two when one is %s', (_, who, how = {}) => {
    const asked = new Asked()
    asked.approve(ADA)
    expect([asked.approve(who, how), asked.use()]).toEqual(['approval.twice', 'approval.missing'])
  })

  it('count from the last request: one who has signed in since then approves it once it is requested again', () => {
    const asked = new Asked()
    const late = home('late', { tokenAt: MINUTE })
    expect(asked.approve(late, { after: 2 * MINUTE })).toBe('approval.too-young')
    asked.tell({ type: 'open', askedBy: 'layer-1', kind: 'destructive', because: 'again' })
    expect(asked.approve(late)).toBe('approval.given')
  })

  it('are not given by a later requester', () => {
    const asked = new Asked()
    const who = { ...ADA } satisfies JsonObject
    asked.tell({ type: 'open', askedBy: 'layer-1', kind: 'destructive', because: 'again', who })
    expect([asked.approve(ADA), asked.approve(EVE), asked.approve(BEA)]).toEqual([
      'approval.own-request',
      'approval.own-request',
      'approval.given',
    ])
  })
})

describe('one operator', () => {
  const ALONE = home('ada', { alone: true, accountAt: -MINUTE })

  it('approves their own request, to be used from minute 10 to minute 25', () => {
    const asked = new Asked(ALONE)
    expect(asked.approve(ALONE)).toBe('approval.given')
    expect([asked.state.status, asked.use(10 * MINUTE - 1)]).toEqual(['granted', 'approval.too-early'])
    expect(asked.use()).toBe('approval.used')
  })

  it('has approved nothing any more at minute 25', () => {
    const asked = new Asked(ALONE)
    asked.approve(ALONE)
    expect(asked.use(25 * MINUTE + 1)).toBe('approval.expired')
    const used = new Asked(ALONE)
    used.approve(ALONE)
    expect(used.use(25 * MINUTE - 1)).toBe('approval.used')
  })

  it('is still a person, and signed in before the request', () => {
    expect(new Asked().approve({ ...ALONE, tokenAt: 0 })).toBe('approval.too-young')
    expect(new Asked().approve({ ...ALONE, kind: 'service' })).toBe('approval.not-a-person')
  })
})
