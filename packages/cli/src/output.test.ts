import { describe, expect, it } from 'vitest'
import { wantsColour } from './colours.ts'
import { columns, printable } from './output.ts'

describe('columns', () => {
  it('are as wide as their widest cell', () => {
    expect(
      columns([
        ['a', 'b', 'c'],
        ['long', 'x', 'y'],
      ]),
    ).toBe('a     b  c\nlong  x  y')
  })

  it('do not count colour codes', () => {
    expect(
      columns([
        ['\u001B[31mred\u001B[39m', 'x'],
        ['four', 'y'],
      ]),
    ).toBe('\u001B[31mred\u001B[39m   x\nfour  y')
  })

  it('take rows of different lengths', () => {
    expect(columns([['aaaa', 'b'], ['headline'], ['c', 'd', 'e']])).toBe(
      'aaaa      b\nheadline\nc         d  e',
    )
  })

  it('are one line each, whatever a title holds', () => {
    expect(
      columns([
        ['a', 'two\r\n  lines'],
        ['b\n', 'c'],
      ]),
    ).toBe('a   two lines\nb   c')
  })
  it('take no rows at all', () => expect(columns([])).toBe(''))
})

describe('colours', () => {
  const terminal = { isTTY: true }
  const pipe = {}
  it.each([
    ['a terminal has them', terminal, {}, true],
    ['a pipe has none', pipe, {}, false],
    ['a pipe in CI has none', pipe, { CI: 'true' }, false],
    ['a dumb terminal has none', terminal, { TERM: 'dumb' }, false],
    ['NO_COLOR takes them away', terminal, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR does not', terminal, { NO_COLOR: '' }, true],
    ['FORCE_COLOR brings them', pipe, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0 takes them away', terminal, { FORCE_COLOR: '0' }, false],
    ['NO_COLOR wins', pipe, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('%s', (_, stream, environment, expected) => expect(wantsColour(stream, environment)).toBe(expected))
})

describe('text for a terminal', () => {
  it('keeps words, lines, tabs and colours', () => {
    const text = 'größer\tals\n\u001B[31mrot\u001B[39m 🚦'
    expect(printable(text)).toBe(text)
  })

  it.each([
    ['a window title', '\u001B]0;owned\u0007'],
    ['a cleared screen', '\u001B[2J'],
    ['a carriage return', 'all is well\rnot'],
    ['a backspace', 'no\b\byes'],
    ['a C1 control', '\u009B2J'],
  ])('lets nobody else have %s', (_, text) => {
    // oxlint-disable-next-line no-control-regex -- control characters are what must be gone
    expect(printable(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/)
  })
})
