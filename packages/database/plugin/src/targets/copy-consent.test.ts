import { describe, expect, it } from 'vitest'
import { copyConsent } from './copy-consent.ts'

const FAR = 'postgres://ada:hunter2@db.example/shop'
const NEAR = 'postgres://ada:hunter2@127.0.0.1/shop'

describe('copying rows', () => {
  it('of another machine is requested, without showing a password', () => {
    expect(() => copyConsent(FAR, undefined, 'sample')).toThrow(/ada@db\.example\/shop/)
    expect(() => copyConsent(FAR, undefined, 'sample')).not.toThrow(/hunter2/)
  })

  it.each([
    [FAR, true, 'sample'],
    [FAR, 'full', 'full'],
    [NEAR, undefined, 'sample'],
    [NEAR, true, 'sample'],
    [NEAR, 'full', 'full'],
  ] as const)('%s with %s is a %s copy', (url, flag, mode) =>
    expect(copyConsent(url, flag, 'sample')).toBe(mode),
  )
})
