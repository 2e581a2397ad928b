import { canonicalJson, digestText } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { chainSteps, GENESIS_HEAD, recordedSteps, verifyChain } from './hash-chain.ts'
import type { StepWrite, StoredEvent } from './store.ts'

const steps: StepWrite[] = [
  {
    input: { kind: 'start', id: 'bell-1', input: { waitMs: 5 }, event: {} },
    env: { at: 100, unreachable: [] },
    events: [
      { seq: 1, at: 100, type: 'bell.started', epoch: 1, level: 'peers', data: { b: 1, a: 2 } },
      { seq: 2, at: 100, type: 'bell.told', epoch: 1, actor: 'agent-0', data: {} },
    ],
  },
  {
    input: { kind: 'timer', id: 'timer:bell-1:1', epoch: 1 },
    env: { at: 106, unreachable: ['layer-2'] },
    events: [{ seq: 3, at: 106, type: 'bell.rang', epoch: 2, lateMs: 1, data: {} }],
  },
]

const chained = () => chainSteps('bell-1', GENESIS_HEAD, structuredClone(steps))

/** The stream with one row changed. */
function altered(seq: number, change: Partial<StoredEvent>): StoredEvent[] {
  return chained().rows.map((row) => (row.seq === seq ? { ...row, ...change } : row))
}

/** What a forger with write access does: change the past and compute every hash again. */
function recomputed(): StoredEvent[] {
  const forged = structuredClone(steps)
  forged[0]!.events[0]!.data = { b: 7 }
  return chainSteps('bell-1', GENESIS_HEAD, forged).rows
}

describe('chainSteps', () => {
  it('puts input and env on the first event of a step and on no other', () => {
    const { rows, head } = chained()
    expect(rows.map((row) => row.inputId)).toEqual(['bell-1', null, 'timer:bell-1:1'])
    expect(rows[0]).toMatchObject({ stream: 'bell-1', input: steps[0]!.input, env: steps[0]!.env })
    expect(rows[1]).toMatchObject({ input: null, env: null })
    expect(head).toBe(rows[2]!.hash)
  })

  it('goes on from a head as if all steps had been written at once', () => {
    const first = chainSteps('bell-1', GENESIS_HEAD, steps.slice(0, 1))
    const second = chainSteps('bell-1', first.head, steps.slice(1))
    expect([...first.rows, ...second.rows]).toEqual(chained().rows)
  })

  it('hashes values, not spellings: key order and undefined members make no difference', () => {
    const spelled = structuredClone(steps)
    spelled[0]!.events[0]!.data = { a: 2, b: 1 }
    Object.assign(spelled[1]!.events[0]!, { level: undefined })
    expect(chainSteps('bell-1', GENESIS_HEAD, spelled).head).toBe(chained().head)
  })

  it('hashes the hash before, a newline and the canonical JSON of what is there', () => {
    const [first, second] = chained().rows
    const { input, env } = steps[0]!
    const opened = { stream: 'bell-1', inputId: 'bell-1', input, env, ...steps[0]!.events[0] }
    expect(first!.hash).toBe(digestText(`\n${canonicalJson(opened)}`))
    const told = canonicalJson({ stream: 'bell-1', ...steps[0]!.events[1] })
    expect(second!.hash).toBe(digestText(`${first!.hash}\n${told}`))
  })

  it('leaves no row for a step without an event', () => {
    const silent = { ...steps[1]!, events: [] }
    expect(chainSteps('bell-1', 'abc', [silent])).toEqual({ rows: [], head: 'abc' })
  })
})

describe('verifyChain', () => {
  it('accepts what was written, and an empty stream', () => {
    expect(verifyChain(chained().rows)).toEqual({ ok: true })
    expect(verifyChain([])).toEqual({ ok: true })
  })

  it.each<[string, Partial<StoredEvent>]>([
    ['data', { data: { b: 1, a: 3 } }],
    ['type', { type: 'bell.ended' }],
    ['at', { at: 99 }],
    ['epoch', { epoch: 2 }],
    ['level', { level: 'ceo' }],
    ['actor', { actor: 'layer-2' }],
    ['lateMs', { lateMs: 1 }],
    ['input id', { inputId: 'other' }],
    ['input', { input: { kind: 'timer', id: 'bell-1', epoch: 1 } }],
    ['env', { env: { at: 100, unreachable: ['agent-0'] } }],
    ['hash', { hash: 'f00d' }],
  ])('finds a flipped %s', (_, change) => {
    expect(verifyChain(altered(1, change))).toMatchObject({ ok: false, seq: 1 })
  })

  it('finds a row of another stream, deleted, inserted, doubled and reordered rows', () => {
    const rows = chained().rows
    const [one, two, three] = [rows[0]!, rows[1]!, rows[2]!]
    const moved = rows.map((row) => ({ ...row, stream: 'bell-2' }))
    expect(verifyChain(moved)).toMatchObject({ ok: false, seq: 1 })
    expect(verifyChain([one, three])).toMatchObject({ ok: false, seq: 2 })
    expect(verifyChain([one, { ...three, seq: 2 }])).toMatchObject({ ok: false, seq: 2 })
    expect(verifyChain([two, three])).toMatchObject({ ok: false, seq: 1 })
    expect(verifyChain([one, one, two, three])).toMatchObject({ ok: false, seq: 2 })
    expect(verifyChain([one, three, two])).toMatchObject({ ok: false, seq: 2 })
    const inserted = [one, { ...two, type: 'bell.lied' }, { ...two, seq: 3 }, { ...three, seq: 4 }]
    expect(verifyChain(inserted)).toMatchObject({ ok: false, seq: 2 })
  })

  it('needs a head kept outside to find a cut tail or a recomputed stream', () => {
    const { rows, head } = chained()
    const kept = { seq: 3, hash: head }
    expect(verifyChain(rows, kept)).toEqual({ ok: true })
    expect(verifyChain(rows.slice(0, 2))).toEqual({ ok: true })
    expect(verifyChain(rows.slice(0, 2), kept)).toMatchObject({ ok: false, seq: 3 })
    expect(verifyChain([], kept)).toMatchObject({ ok: false, seq: 1 })
    expect(verifyChain(recomputed())).toEqual({ ok: true })
    expect(verifyChain(recomputed(), kept)).toMatchObject({ ok: false, seq: 3 })
  })

  it('takes a head from before the stream grew', () => {
    const rows = chained().rows
    expect(verifyChain(rows, { seq: 2, hash: rows[1]!.hash })).toEqual({ ok: true })
    expect(verifyChain(rows, { seq: 0, hash: GENESIS_HEAD })).toEqual({ ok: true })
  })
})

describe('recordedSteps', () => {
  it('gives back the steps as they were written', () => {
    expect(recordedSteps(chained().rows)).toEqual(steps)
  })

  it('refuses a stream that begins in the middle of a step', () => {
    expect(() => recordedSteps(chained().rows.slice(1))).toThrow(
      expect.objectContaining({ code: 'store.headless-step' }),
    )
  })
})
