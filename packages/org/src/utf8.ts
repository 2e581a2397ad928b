/** Lead bytes by length of sequence: [lowest, highest, continuation bytes, bits of the lead, lowest code point]. */
const LEADS: readonly (readonly [number, number, number, number, number])[] = [
  [0x00, 0x7f, 0, 0x7f, 0x0],
  [0xc2, 0xdf, 1, 0x1f, 0x80],
  [0xe0, 0xef, 2, 0x0f, 0x800],
  [0xf0, 0xf4, 3, 0x07, 0x10000],
]

/**
 * Strict UTF-8: overlong forms, surrogates and cut sequences are refused. `text` holds what came before the first
 * bad byte, `bytesRead` how many bytes that was. Pure, because TextDecoder is not part of the language.
 */
export function decodeUtf8(bytes: Uint8Array): { text: string; valid: boolean; bytesRead: number } {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    // Nearly all of a card is ASCII, and every command reads a hundred cards.
    const byte = bytes[at]!
    if (byte < 0x80) {
      text += String.fromCharCode(byte)
      at += 1
      continue
    }
    const point = codePointAt(bytes, at)
    if (!point) return { text, valid: false, bytesRead: at }
    text += String.fromCodePoint(point.value)
    at += point.length
  }
  return { text, valid: true, bytesRead: at }
}

/** How many bytes of UTF-8 a text takes. */
export function utf8Length(text: string): number {
  let length = 0
  for (const character of text) {
    const point = character.codePointAt(0)!
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return length
}

function codePointAt(bytes: Uint8Array, at: number): { value: number; length: number } | undefined {
  const first = bytes[at]!
  const lead = LEADS.find(([low, high]) => first >= low && first <= high)
  if (!lead) return undefined
  const [, , continuations, bits, lowest] = lead
  let value = first & bits
  for (let i = 1; i <= continuations; i += 1) {
    const next = bytes[at + i]
    if (next === undefined || (next & 0xc0) !== 0x80) return undefined
    value = (value << 6) | (next & 0x3f)
  }
  const surrogate = value >= 0xd800 && value <= 0xdfff
  if (value < lowest || value > 0x10ffff || surrogate) return undefined
  return { value, length: continuations + 1 }
}
