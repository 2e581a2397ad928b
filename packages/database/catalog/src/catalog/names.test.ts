import { describe, expect, it } from 'vitest'
import { bareName, nameWith, newName, oldName, quoteDotted, sibling } from './names.ts'

describe('names of ours', () => {
  it('say which shape they are of', () => {
    expect([newName('total'), oldName('total')]).toEqual(['total_esa_new', 'total_esa_old'])
  })

  it('stay within what PostgreSQL keeps, and apart', () => {
    const [a, b] = ['x'.repeat(62), `${'x'.repeat(61)}y`].map(newName)
    expect([a, b].map((name) => Buffer.byteLength(name!))).toEqual([63, 63])
    expect(a).not.toBe(b)
    expect(Buffer.byteLength(nameWith('ü'.repeat(40), '_esa_new'))).toBeLessThanOrEqual(63)
  })
})

describe('a relation', () => {
  it('is divided at its first dot', () => {
    expect(quoteDotted('public.odd.name')).toBe('"public"."odd.name"')
    expect(quoteDotted('a"b')).toBe('"a""b"')
    expect([sibling('public.t', 'u'), bareName('public.t')]).toEqual(['public.u', 't'])
  })
})
