import { expect, it } from 'vitest'
import { parseHeads } from './chain-heads.ts'

const kept = { runtimeId: 'here', takenAt: '2026-01-01T00:00:00.000Z', heads: { a: { seq: 2, hash: 'x' } } }

it('reads heads of this runtime', () => {
  expect(parseHeads(JSON.stringify(kept), 'heads.json', 'here')).toEqual(kept)
})

it.each(['', '[]', '{"heads": {}}', JSON.stringify({ ...kept, heads: { a: 'x' } })])('refuses %s', (text) => {
  expect(() => parseHeads(text, 'heads.json', 'here')).toThrow('heads.json holds no chain heads')
})

it('refuses heads of another runtime: every stream would look gone', () => {
  expect(() => parseHeads(JSON.stringify(kept), 'heads.json', 'elsewhere')).toThrow('another runtime')
})
