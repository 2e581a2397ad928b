import { type ActorState, step, type StepInput } from '@esa/actor'
import { buildDirectory } from '@esa/org'
import { type JsonObject, statementHash, textOf, tokenedBy } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { approvalDefinition } from './approval-definition.ts'
import { APPROVAL_LIFE_MS } from './approval-rules.ts'

const definition = approvalDefinition({ timeScale: 1, version: 1 })
const directory = buildDirectory([])
const DROP = 'drop table shop.old_orders;'
const HASH = statementHash(DROP)
const [ADA, BEA] = [tokenedBy('Ada', 't1'), tokenedBy('Bea', 't2')]

/** One approval by itself, with what was recorded and sent. */
class Asked {
  state: ActorState
  at = 1_000_000
  readonly log: { type: string; at: number; data: JsonObject }[] = []
  readonly sent: unknown[] = []
  #n = 0

  constructor(more: JsonObject = {}) {
    const body = {
      target: 'shop',
      statement: DROP,
      kind: 'destructive',
      askedBy: 'layer-1',
      because: 'unused',
      ...more,
    }
    const opening = { actorId: 'A', from: 'operator', body, at: this.at, consulted: [] }
    const input = definition.inputFrom(opening, directory)
    this.state = this.#step({ kind: 'start', id: 'A', input, event: {} }, null)
  }

  /** The last fact that a command led to: its type, and the code of a refusal. */
  tell(event: JsonObject & { type: string }, afterMs = 1): string {
    this.at += afterMs
    const { timer, epoch } = this.state
    if (timer !== null && this.at > timer.dueAt)
      this.state = this.#step({ kind: 'timer', id: `t${epoch}`, epoch }, this.state)
    const id = `i${(this.#n += 1)}`
    this.state = this.#step({ kind: 'event', id, event: { hash: HASH, ...event } }, this.state)
    const last = this.log.at(-1)
    return last?.type === 'command.refused' ? textOf(last.data['code']) : textOf(last?.type)
  }

  approve(as: string, by?: string, more: JsonObject = {}, afterMs?: number): string {
    return this.tell({ type: 'approve', as, ...(by === undefined ? {} : { by }), ...more }, afterMs)
  }

  use(more: JsonObject = {}, afterMs?: number): string {
    return this.tell({ type: 'use', as: 'operator', target: 'shop', kind: 'destructive', ...more }, afterMs)
  }

  #step(input: StepInput, state: ActorState | null): ActorState {
    const taken = step(definition, state, input, { at: this.at, unreachable: ['layer-9'] })
    this.log.push(...taken.events)
    this.sent.push(...taken.effects)
    return taken.state
  }
}

const granted = (): Asked => {
  const asked = new Asked()
  asked.approve('chief-1')
  asked.approve('operator', ADA)
  return asked
}

describe('an approval', () => {
  it('is proposed to the chief through the requester’s own mailbox', () => {
    expect(new Asked().sent).toMatchObject([
      { to: 'layer-1', type: 'approval.asked', body: { approvalId: 'A', hash: HASH, to: 'chief-1' } },
    ])
  })

  it('of a destructive statement takes two, one of them a person’s, and is used up once', () => {
    const asked = new Asked()
    expect(asked.use()).toBe('approval.missing')
    expect(asked.approve('chief-1')).toBe('approval.given')
    expect(asked.use()).toBe('approval.missing')
    expect(asked.approve('agent-0')).toBe('approval.given')
    expect([asked.state.status, asked.use()]).toEqual(['partly', 'approval.missing'])
    expect(asked.approve('operator', ADA)).toBe('approval.given')
    expect([asked.state.status, asked.use()]).toEqual(['granted', 'approval.used'])
    expect([asked.state.live, asked.use()]).toEqual([false, 'approval.over'])
  })

  it('of anything else takes one', () => {
    const asked = new Asked({ kind: 'additive', statement: 'create index concurrently i on t (a)' })
    const hash = statementHash('create index concurrently i on t (a)')
    expect(asked.approve('chief-1', undefined, { hash })).toBe('approval.given')
    expect(asked.use({ hash, kind: 'additive', as: 'layer-1' })).toBe('approval.used')
    const settled = ['layer-1', 'chief-1', 'agent-0'].map((to) => ({ type: 'approval.settled', to }))
    const used = { type: 'approval.used', to: 'layer-1' }
    expect(asked.sent.slice(1)).toMatchObject([{ type: 'approval.granted' }, ...settled, used])
  })

  it('holds for 15 minutes to the millisecond, whatever the time scale, and can be given again after', () => {
    expect(granted().use({}, APPROVAL_LIFE_MS - 1)).toBe('approval.used')
    const late = granted()
    expect(late.use({}, APPROVAL_LIFE_MS)).toBe('approval.expired')
    late.approve('chief-1')
    late.approve('operator', ADA)
    expect(late.use()).toBe('approval.used')
  })

  it('lapses with its oldest part', () => {
    const asked = new Asked()
    asked.approve('chief-1')
    asked.approve('operator', ADA, {}, APPROVAL_LIFE_MS)
    expect(asked.state.status).toBe('granted')
    expect([asked.use({}, 1), asked.state.status]).toEqual(['approval.expired', 'asked'])
  })

  it('that was rejected or withdrawn is over', () => {
    const rejected = new Asked()
    expect(rejected.tell({ type: 'reject', as: 'chief-1', because: 'no' })).toBe('approval.rejected')
    expect([rejected.approve('operator', ADA), rejected.use()]).toEqual(['approval.over', 'approval.over'])
    const withdrawn = granted()
    expect(withdrawn.tell({ type: 'withdraw', as: 'layer-1' })).toBe('approval.withdrawn')
    expect(withdrawn.use()).toBe('approval.over')
  })

  it.each<[string, string, (asked: Asked) => string]>([
    [
      'of another hash',
      'approval.other-statement',
      (a) => a.approve('chief-1', undefined, { hash: 'f'.repeat(64) }),
    ],
    ['without the hash', 'approval.other-statement', (a) => a.approve('chief-1', undefined, { hash: null })],
    ['by the requesting agent', 'approval.own-request', (a) => a.approve('layer-1', BEA)],
    [
      'by the requester, in another seat',
      'approval.own-request',
      (a) => a.approve('chief-1', tokenedBy('Eve', 't9')),
    ],
    ['by an agent that is not an approver', 'approval.not-allowed', (a) => a.approve('layer-2', ADA)],
    ['by a stopped agent', 'approval.not-allowed', (a) => a.approve('layer-9', ADA)],
    ['by an operator without a token', 'approval.without-token', (a) => a.approve('operator', 'Ada')],
    ['by an operator without a name', 'approval.without-token', (a) => a.approve('operator')],
    ['by a person in a seat without a token', 'approval.without-token', (a) => a.approve('chief-1', 'Ada')],
  ])('is not given %s: %s', (_, code, tell) => {
    const asked = new Asked({ by: 'Eve' })
    expect([tell(asked), asked.state.status]).toEqual([code, 'asked'])
  })

  it('is not given twice by one person in two seats, nor by two persons in one seat', () => {
    const asked = new Asked()
    asked.approve('chief-1', ADA)
    expect(asked.approve('operator', tokenedBy('Ada', 'another'))).toBe('approval.twice')
    expect(asked.approve('chief-1', BEA)).toBe('approval.twice')
    expect(asked.use()).toBe('approval.missing')
  })

  it.each([
    ['a changed statement', { hash: statementHash('drop table shop.orders') }, 'approval.other-statement'],
    ['another target', { target: 'prod' }, 'approval.other-statement'],
    ['another kind', { kind: 'major' }, 'approval.other-kind'],
    ['another agent', { as: 'layer-2' }, 'approval.not-allowed'],
  ])('is not used for %s', (_, more, code) => {
    const asked = granted()
    expect([asked.use(more), asked.state.status]).toEqual([code, 'granted'])
  })

  it('is bound to what runs: blanks and the last semicolon aside, every character counts', () => {
    expect(statementHash('  drop table a;\n')).toBe(statementHash('drop table a'))
    expect(statementHash('drop table a')).not.toBe(statementHash('drop table "a"'))
    expect(statementHash('drop table a')).not.toBe(statementHash('drop  table a'))
  })
})

describe('an approval that is requested again', () => {
  const AGAIN = { type: 'open', askedBy: 'layer-1', kind: 'destructive', because: 'again' }
  const last = (asked: Asked): unknown => asked.sent.at(-1)
  /** Its effects are those of the events from now on. */
  const from = (asked: Asked): Asked => {
    asked.sent.length = 0
    return asked
  }

  it('is proposed again, with what is new, and its week restarts', () => {
    const asked = new Asked({ reference: { order: 1 } })
    asked.tell({ ...AGAIN, evidence: { lossless: true }, reference: { order: 2 } }, 6 * 24 * 3_600_000)
    const body = { because: 'again', evidence: { lossless: true }, reference: { order: 2 }, to: 'chief-1' }
    expect(last(asked)).toMatchObject({ to: 'layer-1', type: 'approval.asked', body })
    expect(asked.approve('chief-1', undefined, {}, 2 * 24 * 3_600_000)).toBe('approval.given')
  })

  it('keeps the evidence that it has when none comes with the new one', () => {
    const asked = from(new Asked({ evidence: { lossless: true } }))
    asked.tell(AGAIN)
    expect(last(asked)).toMatchObject({ type: 'approval.asked', body: { evidence: { lossless: true } } })
  })

  it('keeps the word that was given on the same evidence, and its quarter of an hour', () => {
    const asked = new Asked({ evidence: { a: 1, b: { c: 2, d: 3 } } })
    asked.approve('chief-1')
    from(asked).tell({ ...AGAIN, evidence: { b: { d: 3, c: 2 }, a: 1 } }, 60_000)
    expect([asked.state.status, last(asked)]).toMatchObject(['partly', { type: 'approval.asked' }])
    asked.approve('operator', ADA)
    expect(asked.use({}, APPROVAL_LIFE_MS - 60_000)).toBe('approval.expired')
  })

  it('takes no word that was given on other evidence', () => {
    const asked = new Asked({ evidence: { lossless: true } })
    asked.approve('chief-1')
    asked.tell({ ...AGAIN, evidence: { lossless: false } })
    expect([asked.state.status, asked.approve('operator', ADA), asked.use()]).toEqual([
      'asked',
      'approval.given',
      'approval.missing',
    ])
    expect(asked.approve('chief-1')).toBe('approval.given')
    expect(asked.use({}, APPROVAL_LIFE_MS - 2)).toBe('approval.used')
  })

  it('is granted to the new order as it was to the old one, which learns that it is not answered any more', () => {
    const asked = new Asked({ reference: { order: 1 } })
    asked.approve('chief-1')
    asked.approve('operator', ADA)
    from(asked).tell({ ...AGAIN, reference: { order: 2 } })
    expect(asked.sent).toMatchObject([
      { type: 'approval.refused', body: { code: 'approval.asked-again', reference: { order: 1 } } },
      { type: 'approval.granted', body: { hash: HASH, reference: { order: 2 } } },
    ])
    expect(asked.use({}, APPROVAL_LIFE_MS)).toBe('approval.expired')
  })

  it('is used once, by the first of the two orders', () => {
    const asked = granted()
    asked.tell({ ...AGAIN, reference: { order: 2 } })
    from(asked)
    expect([asked.use({ as: 'layer-1' }), asked.use({ as: 'layer-1' }), asked.use()]).toEqual([
      'approval.used',
      'approval.over',
      'approval.over',
    ])
    expect(asked.sent).toMatchObject([{ type: 'approval.used', body: { reference: { order: 2 } } }])
  })

  it('is proposed again after what was given has lapsed', () => {
    const asked = new Asked({ reference: { order: 1 } })
    asked.approve('chief-1')
    from(asked).tell({ ...AGAIN, reference: { order: 2 } }, APPROVAL_LIFE_MS + 1)
    expect([asked.state.status, last(asked)]).toMatchObject([
      'asked',
      { type: 'approval.asked', body: { reference: { order: 2 } } },
    ])
  })

  it('is approved by no requester, the first or a later one', () => {
    const asked = new Asked({ by: 'Eve' })
    asked.tell({ ...AGAIN, by: ADA })
    expect(asked.approve('operator', ADA)).toBe('approval.own-request')
    expect(asked.approve('operator', tokenedBy('Eve', 't9'))).toBe('approval.own-request')
    expect(asked.approve('operator', BEA)).toBe('approval.given')
  })

  it.each([
    ['another kind of change', { kind: 'additive' }, 'approval.other-kind'],
    ['another agent', { askedBy: 'layer-2' }, 'approval.not-allowed'],
  ])('as %s is refused, and the caller learns so', (_, more, code) => {
    const asked = from(granted())
    expect(asked.tell({ ...AGAIN, reference: { order: 2 }, ...more })).toBe(code)
    const to = 'askedBy' in more ? 'layer-2' : 'layer-1'
    expect(asked.sent).toMatchObject([
      { to, type: 'approval.refused', body: { code, reference: { order: 2 } } },
    ])
    expect(asked.use()).toBe('approval.used')
  })
})

describe('any commands of an approval, in any order', () => {
  const WHO: [string, string?][] = [
    ['chief-1'],
    ['chief-1', ADA],
    ['agent-0'],
    ['agent-0', BEA],
    ['operator', ADA],
    ['operator', BEA],
    ['operator', 'Ada'],
    ['operator', tokenedBy('Eve', 't9')],
    ['layer-1', BEA],
    ['layer-2', BEA],
  ]

  it('a destructive statement is used once, on two words of two seats and two persons that are not 15 minutes old', () => {
    let seed = 7
    const dice = (sides: number): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % sides
    }
    let used = 0
    for (let run = 0; run < 400; run++) {
      const asked = new Asked({ by: 'Eve' })
      for (let step = 0; step < 12; step++) {
        const [as, by] = WHO[dice(WHO.length)]!
        const wait = [1, 60_000, APPROVAL_LIFE_MS / 2][dice(3)]!
        if (dice(8) === 0) {
          const evidence: JsonObject = { lossless: dice(2) === 0 }
          asked.tell({ type: 'open', askedBy: 'layer-1', kind: 'destructive', by: 'Eve', evidence }, wait)
        } else if (dice(4) > 0) asked.approve(as, by, dice(8) === 0 ? { hash: 'f'.repeat(64) } : {}, wait)
        else asked.use(dice(6) === 0 ? { target: 'prod' } : {}, wait)
      }
      const uses = asked.log.filter(({ type }) => type === 'approval.used')
      expect(uses.length).toBeLessThanOrEqual(1)
      for (const { data } of uses) {
        used++
        const given = data['given'] as { as: string; by: string | null; at: number }[]
        const at = Number(asked.log.find((event) => event.data === data)?.at)
        expect(new Set(given.map((one) => one.as)).size).toBe(given.length)
        const persons = given.flatMap((one) => one.by?.split(' ')[0] ?? [])
        expect([new Set(persons).size, given.length >= 2]).toEqual([persons.length, true])
        expect([persons.length > 0, persons.includes('Eve')]).toEqual([true, false])
        expect(given.every((one) => at - one.at <= APPROVAL_LIFE_MS)).toBe(true)
      }
    }
    // The property says something only when statements do get used.
    expect(used).toBeGreaterThan(50)
  })
})
