import { describe, expect, it } from 'vitest'
import { CARD_BYTES_MAX, decodeCard } from './card-source.ts'
import { parseCard } from './parse-card.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('decodeCard', () => {
  it('decodes every length of sequence and drops a BOM', () => {
    const { source, problems } = decodeCard('a.md', bytes('\uFEFF# é — 🚀\r\nx'))
    expect(problems).toEqual([])
    expect(source).toEqual({ file: 'a.md', text: '# é — 🚀\nx' })
  })

  it('takes exactly the limit and refuses one byte more', () => {
    expect(decodeCard('a.md', bytes('x'.repeat(CARD_BYTES_MAX))).source).not.toBeNull()
    const { source, problems } = decodeCard('a.md', bytes('x'.repeat(CARD_BYTES_MAX + 1)))
    expect(source).toBeNull()
    expect(problems).toMatchObject([{ code: 'card.too-large', severity: 'error', line: 1, column: 1 }])
  })

  it('points at a NUL', () => {
    const { problems } = decodeCard('a.md', bytes('one\ntw\0o'))
    expect(problems).toMatchObject([{ code: 'card.nul', file: 'a.md', line: 2, column: 3 }])
  })

  it.each([
    ['a stray continuation', [0x80]],
    ['an overlong form', [0xc0, 0xaf]],
    ['an overlong form of three', [0xe0, 0x80, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
    ['UTF-16', [0xff, 0xfe, 0x23, 0x00]],
  ])('refuses %s and points at it', (_, bad) => {
    const { source, problems } = decodeCard('a.md', Uint8Array.from([...bytes('é\nab'), ...bad]))
    expect(source).toBeNull()
    expect(problems).toMatchObject([{ code: 'card.not-utf8', line: 2, column: 3 }])
  })

  it('agrees with the platform on valid text', () => {
    const text = 'aé漢🚀\u{10FFFF}\u07FF\u0800\uFFFD'
    expect(decodeCard('a.md', bytes(text)).source?.text).toBe(new TextDecoder().decode(bytes(text)))
  })
})

describe('limits of parseCard', () => {
  it.each([
    ['card.too-large', 'é'.repeat(CARD_BYTES_MAX / 2 + 1)],
    ['card.nul', '# Layer #1: A\0'],
    ['card.too-deep', '>'.repeat(17)],
    ['card.too-deep', '+ '.repeat(17)],
  ])('%s', (code, text) => {
    const { agent, problems } = parseCard({ file: 'a.md', text })
    expect(agent).toBeNull()
    expect(problems).toMatchObject([{ code, severity: 'error' }])
  })

  it('takes a rule for a rule', () => {
    expect(parseCard({ file: 'a.md', text: `# Layer #1: A\n\n${'- '.repeat(40)}` }).agent?.id).toBe('layer-1')
  })
})
