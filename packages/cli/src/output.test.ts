import { describe, expect, it } from 'vitest'
import { markedColours, wantsColour } from './colours.ts'
import { columns, jsonText, printable } from './output.ts'

const paint = markedColours(true)

describe('columns', () => {
  it('are as wide as their widest cell', () => {
    expect(
      columns([
        ['a', 'b', 'c'],
        ['long', 'x', 'y'],
      ]),
    ).toBe('a     b  c\nlong  x  y')
  })

  it('do not count color codes', () => {
    expect(
      printable(
        columns([
          [paint.red('red'), 'x'],
          ['four', 'y'],
        ]),
      ),
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
  it('keeps words, lines, tabs and our colours', () => {
    expect(printable(`größer\tals\n${paint.red('rot')} 🚦`)).toBe('größer\tals\n\u001B[31mrot\u001B[39m 🚦')
    expect(printable(paint.bold(`a ${paint.dim('b')} c`))).toBe(
      '\u001B[1ma \u001B[2mb\u001B[22m\u001B[1m c\u001B[22m',
    )
    expect(markedColours(false).red('rot')).toBe('rot')
  })

  it.each([
    ['a window title', '\u001B]0;owned\u0007'],
    ['a cleared screen', '\u001B[2J'],
    ['a colour', '\u001B[32mverified\u001B[0m'],
    ['a hidden text', '\u001B[8mhidden'],
    ['a carriage return', 'all is well\rnot'],
    ['a backspace', 'no\b\byes'],
    ['a C1 control', '\u009B2J'],
  ])('gives no one else %s', (_, text) => {
    // oxlint-disable-next-line no-control-regex -- control characters are what must be gone
    expect(printable(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/)
    const row = printable(columns([[text, paint.red('ours')]]))
    // oxlint-disable-next-line no-control-regex -- the same, but for our own colour
    expect(row.replace('\u001B[31mours\u001B[39m', '')).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/)
    expect(row).toContain('\u001B[31mours\u001B[39m')
  })

  it.each('\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\u2028\u2029'.split(''))(
    'shows what turns directions or breaks lines: %j',
    (character) => {
      const shown = `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
      expect(printable(`a${character}b`)).toBe(`a${shown}b`)
      expect(columns([[`a${character}`, 'x']])).toBe(`a${shown}  x`)
    },
  )

  it('isolates words from the right, each value by itself, so that ours stay where they are', () => {
    expect(printable('incident שלום עולם 12 opened')).toBe('incident \u2068שלום עולם\u2069 12 opened')
    expect(printable('שלום', false)).toBe('שלום')
    expect(printable(columns([['مرحبا', 'שלום', 'x']]))).toBe('\u2068مرحبا\u2069  \u2068שלום\u2069  x')
  })

  it('as JSON says the same, and turns nothing', () => {
    const document = { title: '\u202Eevil\u2069\u009B2J\u001B[2J\u2028שלום' }
    const text = jsonText(document)
    // oxlint-disable-next-line no-control-regex -- control characters are what must be gone
    expect(text).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/)
    expect(JSON.parse(text)).toEqual(document)
  })
})
