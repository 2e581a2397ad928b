import type { Nodes, Root, RootContent, Table } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table'
import { gfmTable } from 'micromark-extension-gfm-table'
import { joinProse, type Prose, proseOf, sliceProse } from './prose.ts'

/** One thing a section says: a bullet with what is nested under it, a line of a paragraph, or a row of a table. */
export interface Item {
  kind: 'bullet' | 'line' | 'row'
  prose: Prose
  nested: Item[]
  /** Cells of a row; empty otherwise. */
  cells: Prose[]
  /** Words of the table's header row, by column; empty otherwise. */
  header: string[]
}

/** A heading and the text under it up to the next one. */
export interface Section {
  heading: Prose
  depth: number
  offset: number
  items: Item[]
}

/** A card's sections in order; text before the first heading is left out. */
export function outlineOf(text: string): Section[] {
  const tree: Root = fromMarkdown(text, {
    extensions: [gfmTable()],
    mdastExtensions: [gfmTableFromMarkdown()],
  })
  const sections: Section[] = []
  for (const node of tree.children) {
    if (node.type === 'heading') {
      const offset = node.position?.start.offset ?? 0
      sections.push({ heading: proseOf(node, text), depth: node.depth, offset, items: [] })
    } else {
      sections.at(-1)?.items.push(...itemsOf(node, text))
    }
  }
  return sections
}

/** An item's own words with those of everything nested under it, set apart by semicolons. */
export function wholeProse(item: Item): Prose {
  return joinProse([item.prose, ...item.nested.map(wholeProse)], ';\n')
}

function itemsOf(node: RootContent, source: string): Item[] {
  if (node.type === 'paragraph') return linesOf(proseOf(node, source))
  if (node.type === 'table') return rowsOf(node, source)
  if (node.type === 'blockquote') return node.children.flatMap((child) => itemsOf(child, source))
  if (node.type !== 'list') return []
  return node.children.map((entry) => {
    const isNested = (child: Nodes): boolean => child.type === 'list' || child.type === 'table'
    const own = entry.children.filter((child) => child.type === 'paragraph')
    return {
      kind: 'bullet',
      prose: joinProse(
        own.map((child) => proseOf(child, source)),
        '\n',
      ),
      nested: entry.children.filter(isNested).flatMap((child) => itemsOf(child, source)),
      cells: [],
      header: [],
    }
  })
}

/** Lines of a paragraph; a line that begins no label of its own goes on with the one before it. */
function linesOf(prose: Prose): Item[] {
  const groups: Prose[][] = []
  let start = 0
  for (const line of prose.text.split('\n')) {
    const piece = sliceProse(prose, start, start + line.length)
    const before = groups.at(-1)
    if (before && !beginsLabel(piece)) before.push(piece)
    else groups.push([piece])
    start += line.length + 1
  }
  return groups.map((lines) => ({
    kind: 'line',
    prose: joinProse(lines, '\n'),
    nested: [],
    cells: [],
    header: [],
  }))
}

function beginsLabel(line: Prose): boolean {
  const first = line.text.search(/[\p{L}\p{N}]/u)
  return (
    first >= 0 && (line.bold[first] === true || /^[\p{L}][\p{L} /&-]{0,40}:/u.test(line.text.slice(first)))
  )
}

function rowsOf(table: Table, source: string): Item[] {
  const rows = table.children.map((row) => row.children.map((cell) => proseOf(cell, source)))
  const header = (rows[0] ?? []).map((cell) => cell.text.trim().toLowerCase())
  return rows.map((cells) => ({ kind: 'row', prose: joinProse(cells, ' '), nested: [], cells, header }))
}
