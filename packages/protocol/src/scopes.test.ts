import { describe, expect, it } from 'vitest'
import { commonScopes, covers, SCOPES, scopesOf } from './scopes.ts'

describe('scopes', () => {
  it.each([
    [['db:plan'], 'db:read', true],
    [['db:plan'], 'db:apply', false],
    [['incidents:write'], 'db:plan', false],
    [['admin'], 'db:plan', true],
    [[], 'agents:read', false],
    [null, 'admin', true],
  ] as const)('%j covers %s: %s', (held, wanted, expected) => expect(covers(held, wanted)).toBe(expected))

  it('of two causes are those that both hold, in whichever order', () => {
    for (const [one, other, both] of [
      [['admin'], ['db:plan'], ['db:read', 'db:plan']],
      [['incidents:write'], ['db:plan'], []],
      [null, ['db:read'], ['db:read']],
      [null, null, null],
    ] as const) {
      expect(commonScopes(one, other)).toEqual(both)
      expect(commonScopes(other, one)).toEqual(both)
    }
  })

  it('never grow by an intersection', () => {
    for (const one of SCOPES)
      for (const other of SCOPES)
        for (const wanted of SCOPES)
          expect(covers(commonScopes([one], [other]), wanted)).toBe(
            covers([one], wanted) && covers([other], wanted),
          )
  })

  it('are read from JSON without what is unknown', () => {
    expect(scopesOf(['db:plan', 'root'])).toEqual(['db:plan'])
    expect(scopesOf(undefined)).toBeNull()
  })
})
