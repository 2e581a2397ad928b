import type { ReactNode } from 'react'

/** Comments, texts, names in quotes, words and numbers: what a reader of SQL tells apart. Everything else stays as it is. */
const TOKENS =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<text>'(?:[^']|'')*'|\$\w*\$[\s\S]*?\$\w*\$)|(?<name>"(?:[^"]|"")*")|(?<word>[a-z_]\w*)|(?<number>\b\d+(?:\.\d+)?\b)/gi

/** Words that take something away, or let everything through. */
const LOUD = new Set(['drop', 'delete', 'truncate', 'cascade', 'update', 'disable', 'revoke', 'grant'])

/** Words of the language; others are names. */
const KEYWORDS = new Set(
  'add all alter analyze and as asc begin between by call case check column commit concurrently constraint create database default desc distinct do else end exists extension foreign from function group having if in index insert into is join key language left like limit materialized not null offset on or order owner primary procedure references rename replace returning returns right row schema select sequence set table temporary then to trigger type union unique using validate values view when where with'.split(
    ' ',
  ),
)

const LOOKS = {
  comment: 'text-muted italic',
  text: 'text-good',
  name: 'text-quiet',
  number: 'text-quiet',
  keyword: 'font-semibold text-info',
  loud: 'font-semibold text-danger',
} as const

/** A statement letter by letter, its words colored; what removes something is highlighted. */
export function Sql({ text }: { text: string }) {
  const parts: ReactNode[] = []
  let from = 0
  for (const match of text.matchAll(TOKENS)) {
    const look = lookOf(match.groups ?? {})
    if (look === null) continue
    parts.push(
      text.slice(from, match.index),
      <span key={match.index} className={LOOKS[look]}>
        {match[0]}
      </span>,
    )
    from = match.index + match[0].length
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  )
}

function lookOf({ comment, text, name, word, number }: Record<string, string | undefined>) {
  if (comment !== undefined) return 'comment'
  if (text !== undefined) return 'text'
  if (name !== undefined) return 'name'
  if (number !== undefined) return 'number'
  const said = word?.toLowerCase() ?? ''
  return LOUD.has(said) ? 'loud' : KEYWORDS.has(said) ? 'keyword' : null
}
