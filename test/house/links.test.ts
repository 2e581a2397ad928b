import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { describe, expect, it } from 'vitest'

type Node = ReturnType<typeof fromMarkdown> | ReturnType<typeof fromMarkdown>['children'][number]

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PAGES = globSync(['*.md', 'docs/**/*.md', 'agents/*/*/card.md'], { cwd: ROOT }).toSorted()

/** Pages that a reader comes to without another page: where everything begins, and what tools look for. */
const ENTRIES = ['README.md', 'AGENTS.md', 'CONTRIBUTING.md']

function trees(node: Node): Node[] {
  return [node, ...('children' in node ? node.children.flatMap((child) => trees(child as Node)) : [])]
}

const read = new Map<string, Node[]>()

/** A page's nodes; it is parsed once, however many pages link to it. */
function readPage(page: string): Node[] {
  const nodes = read.get(page) ?? trees(fromMarkdown(readFileSync(join(ROOT, page), 'utf8')))
  read.set(page, nodes)
  return nodes
}

/** Where a page's links into this repository lead, with the heading behind the #. */
function linksOf(page: string): { path: string; heading: string }[] {
  return readPage(page)
    .flatMap((node) => ('url' in node ? [node.url] : []))
    .filter((url) => !/^[a-z]+:/i.test(url))
    .map((url) => {
      const [path = '', heading = ''] = decodeURI(url).split('#')
      return { path: path === '' ? page : normalize(join(dirname(page), path)), heading }
    })
}

const anchors = new Map<string, ReadonlySet<string>>()

/** Headings as GitHub names them in a link. */
function anchorsOf(page: string): ReadonlySet<string> {
  const known = anchors.get(page)
  if (known !== undefined) return known
  const words = (node: Node): string =>
    'value' in node
      ? node.value
      : 'children' in node
        ? node.children.map((child) => words(child as Node)).join('')
        : ''
  const headings = readPage(page).filter((node) => node.type === 'heading')
  const found = headings.map((node) =>
    words(node)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
  anchors.set(page, new Set(found))
  return new Set(found)
}

describe('links', () => {
  it.each(PAGES)('of %s lead to what is there', (page) => {
    const broken = linksOf(page).filter(({ path, heading }) => {
      if (!existsSync(join(ROOT, path))) return true
      return heading !== '' && path.endsWith('.md') && !anchorsOf(path).has(heading)
    })
    expect(broken).toEqual([])
  })

  it('lead from the entries to every page under docs', () => {
    const reached = new Set(ENTRIES)
    for (const page of reached) {
      const inside = linksOf(page).flatMap(({ path }) =>
        isFolder(path) ? globSync(`${path}/*.md`, { cwd: ROOT }) : [path],
      )
      for (const path of inside) if (PAGES.includes(path)) reached.add(path)
    }
    expect(PAGES.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([])
  })
})

function isFolder(path: string): boolean {
  return existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isDirectory()
}
