import type { Nodes } from 'mdast'

/**
 * Words of a card without their markup, each character remembering its place in the card's text and whether
 * it is bold. Slices keep both, so a problem found in words points at the card.
 */
export interface Prose {
  readonly text: string
  readonly offsets: readonly number[]
  readonly bold: readonly boolean[]
}

/** The words of a Markdown node; a hard break or `<br>` is a line feed, comments and images are nothing. */
export function proseOf(node: Nodes, source: string): Prose {
  const out = { text: '', offsets: [] as number[], bold: [] as boolean[] }
  const push = (text: string, offsetOf: (index: number) => number, bold: boolean): void => {
    for (let i = 0; i < text.length; i += 1) {
      out.offsets.push(offsetOf(i))
      out.bold.push(bold)
    }
    out.text += text
  }
  const walk = (inner: Nodes, bold: boolean): void => {
    const start = inner.position?.start.offset ?? 0
    const end = inner.position?.end.offset ?? start
    if (inner.type === 'text' || inner.type === 'inlineCode') {
      const offsets = align(inner.value, source, start, end)
      push(inner.value, (i) => offsets[i] ?? start, bold)
    } else if (inner.type === 'break' || (inner.type === 'html' && /^<br\s*\/?>$/i.test(inner.value))) {
      push('\n', () => start, bold)
    } else if ('children' in inner) {
      for (const child of inner.children) walk(child, bold || inner.type === 'strong')
    }
  }
  walk(node, false)
  return out
}

/** A part of the words, by index like String.slice. */
export function sliceProse(prose: Prose, start: number, end: number = prose.text.length): Prose {
  return {
    text: prose.text.slice(start, end),
    offsets: prose.offsets.slice(start, end),
    bold: prose.bold.slice(start, end),
  }
}

/** The words of several pieces with `glue` between them; the glue is at the place where the next piece begins. */
export function joinProse(pieces: readonly Prose[], glue: string): Prose {
  const present = pieces.filter((piece) => piece.text.trim() !== '')
  return {
    text: present.map((piece) => piece.text).join(glue),
    offsets: present.flatMap((piece, i) => [
      ...(i === 0 ? [] : glued(glue, piece.offsets[0]!)),
      ...piece.offsets,
    ]),
    bold: present.flatMap((piece, i) => [...(i === 0 ? [] : glued(glue, false)), ...piece.bold]),
  }
}

/** The words on one line with single spaces, without markup or edges. */
export function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function glued<T>(glue: string, value: T): T[] {
  return Array.from(glue, () => value)
}

/** Source offset of each character of a text node, whose escapes, entities and line indents are not in its value. */
function align(value: string, source: string, start: number, end: number): number[] {
  const offsets: number[] = []
  let at = start
  for (const character of value) {
    const found = nextOffset(character, source, at, end)
    for (let i = 0; i < character.length; i += 1) offsets.push(found.offset + (found.exact ? i : 0))
    at = found.next
  }
  return offsets
}

function nextOffset(
  character: string,
  source: string,
  at: number,
  end: number,
): { offset: number; next: number; exact: boolean } {
  let offset = at
  while (offset < end) {
    if (source[offset] === '\\' && source.startsWith(character, offset + 1)) {
      return { offset, next: offset + 1 + character.length, exact: false }
    }
    if (source[offset] === '&' && character !== '&') {
      const semicolon = source.indexOf(';', offset)
      if (semicolon > 0 && semicolon < end) return { offset, next: semicolon + 1, exact: false }
    }
    if (source.startsWith(character, offset)) {
      const entity = character === '&' ? /^&(?:amp|#38|#x26);/i.exec(source.slice(offset, offset + 6)) : null
      return { offset, next: offset + (entity?.[0].length ?? character.length), exact: true }
    }
    // Only a line's indent and quote marks are missing from a value: anything else is not ours to skip.
    if (!/[\s>]/.test(source[offset]!)) break
    offset += 1
  }
  return { offset: at, next: at, exact: false }
}
