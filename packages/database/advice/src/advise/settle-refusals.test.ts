import { expect, it } from 'vitest'
import type { Refusal } from './advice.ts'
import { settleRefusals } from './settle-refusals.ts'

const refusal = (ddl: string, more: Partial<Refusal> = {}): Refusal => {
  return {
    ddl,
    reason: 'no-gain',
    why: 'built: it saves too little',
    sizeBytes: 1,
    built: true,
    queries: [],
    ...more,
  }
}
const built = new Map([
  ['a', 'create a'],
  ['b', 'create b'],
])
const needless = refusal('create c', { reason: 'needless', why: 'a makes it fast', instead: 'a' })

it('keeps the reason where the other index is recommended', () => {
  const chosen = new Set(['a'])
  expect(settleRefusals([needless, refusal('create b')], { built, chosen })).toEqual([
    needless,
    refusal('create b'),
  ])
})

it('gives no index up for another that is refused itself', () => {
  const [first, other] = settleRefusals([needless, refusal('create a', { reason: 'budget' })], {
    built,
    chosen: new Set(),
  })
  expect(first).toMatchObject({ reason: 'no-gain', why: expect.stringContaining('a, tried for') })
  expect(first!.why).toContain('(budget)')
  expect(other!.reason).toBe('budget')
})

it('says one thing of one index', () => {
  const refused = [
    refusal('create a'),
    refusal('create b', { reason: 'time' }),
    refusal('create b', { reason: 'failed' }),
  ]
  const settled = settleRefusals(refused, { built, chosen: new Set(['a']) })
  expect(settled).toEqual([refusal('create b', { reason: 'failed' })])
})
