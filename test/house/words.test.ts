import { describe, expect, it } from 'vitest'
import { countWords, wordLimits, wordsIn, wordsOfRepository } from './words.ts'

const read = (path: string, text: string, allowed: string[] = []): string[] =>
  wordsIn({ path, text }, allowed).map(({ word, line }) => `${line} ${word}`)

describe('words to avoid', () => {
  it('are found in strings, templates, comments and JSX, with their line', () => {
    expect(read('a.ts', `// a name\nconst a = 'we shall see'\nconst b = \`x \${a} for good\``)).toEqual([
      '2 shall',
      '3 for good',
    ])
    expect(read('a.ts', `/** First.\n * Whoever asks. */\nconst a = 1`)).toEqual(['2 whoever'])
    expect(read('a.tsx', `const a = <p>nobody is there</p>`)).toEqual(['1 nobody'])
  })

  it('are found in the text of a page', () => {
    expect(read('a.md', `# Title\n\nThere is no time, and it is no use any more.`)).toEqual([
      '3 no … any more',
      '3 is no …',
    ])
  })

  it('are not searched in identifiers, values, names between backticks and code of a page', () => {
    expect(read('a.ts', `const told = asked['told']; // the type \`told\`, approval.asked, is-told`)).toEqual(
      [],
    )
    expect(read('a.md', `The field \`told\`.\n\n    told: peer\n`)).toEqual([])
  })

  it('are right in an allowed phrase', () => {
    expect(read('a.ts', `// no row stands out; it stands`, ['stands out'])).toEqual(['1 stands'])
  })

  it('occur as often as test/house/words.json says, which only falls', () => {
    const { words, allowed } = wordLimits()
    const found = wordsOfRepository(allowed)
    const counts = countWords(found)
    const changed = Object.entries(counts).flatMap(([word, count]) => {
      const limit = words[word] ?? 0
      if (count < limit)
        return [`${word}: lower its count in test/house/words.json from ${limit} to ${count}`]
      if (count === limit) return []
      const places = found.filter((each) => each.word === word)
      return [
        `${word}: ${count} in place of ${limit}; say it in other words (CONTRIBUTING.md, Style):`,
        ...places.map(({ path, line, text }) => `  ${path}:${line} ${text.slice(0, 120)}`),
      ]
    })
    expect(changed).toEqual([])
  })
})
