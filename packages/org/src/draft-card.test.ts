import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isEsaError } from '@esa/protocol'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCard } from './card-source.ts'
import { checkDirectory } from './check-directory.ts'
import { buildDirectory } from './directory.ts'
import { type CardDraft, draftCard, kindOfId, nextIdOf } from './draft-card.ts'
import { ORG_CHART } from './org-chart.ts'
import { parseCard } from './parse-card.ts'

const root = join(import.meta.dirname, '../../..')
const cards = globSync('agents/*/*/card.md', { cwd: root }).flatMap((file) => {
  const { agent } = parseCard(decodeCard(file, readFileSync(join(root, file))).source!)
  return agent === null ? [] : [agent]
})
const directory = buildDirectory(cards)

const NOTHING = { agent: null, problems: [] }

/** The card, or the code of the refusal. */
function attempt(draft: CardDraft): ReturnType<typeof draftCard> | string {
  try {
    return draftCard(draft, directory)
  } catch (error) {
    return isEsaError(error) ? error.code : String(error)
  }
}

const KINDS = ['layer-62', 'domain-10', 'chief-7', 'expert-17', 'ops-68', 'lifeceo-garden'] as const

describe('a drafted card', () => {
  it.each(KINDS)('of %s is read without a fault, and fits the organization', (id) => {
    const { card } = draftCard({ id }, directory)
    expect(card).toMatchObject({ id, kind: kindOfId(id) })
    const problems = checkDirectory(buildDirectory([...cards, card])).filter(({ file }) => file === card.file)
    expect(problems.map(({ code }) => code)).toEqual(['org.not-on-chart'])
  })

  it('says what it was given', () => {
    const draft = {
      id: 'layer-62',
      name: 'Coffee Machine',
      reportsTo: ['chief-1', 'domain-1'],
      peers: ['layer-1', 'expert-11', 'ops-63', 'lifeceo-global-mobility'],
      purpose: 'Brews.',
      responsibilities: ['# Keep it hot', 'Keep\nit full'],
      metrics: ['Cups spilt < 1%'],
    }
    const { card } = draftCard(draft, directory)
    expect(card).toMatchObject({
      name: 'Coffee Machine',
      division: 'Foundation',
      reportsTo: draft.reportsTo,
      responsibilities: ['# Keep it hot', 'Keep it full'],
      metrics: [{ key: 'cups-spilt', comparator: '<', value: 1, unit: '%' }],
    })
    expect(card.escalation.map(({ level, agents, waitMs }) => [level, agents, waitMs])).toEqual([
      ['peer', draft.peers, 1_800_000],
      ['domain', ['domain-1'], 1_800_000],
      ['chief', ['chief-1'], 3_600_000],
      ['ceo', ['agent-0'], 0],
    ])
  })

  it('has its neighbors’ lines and peers where nothing is said', () => {
    const { card } = draftCard({ id: 'layer-62' }, directory)
    expect(card.reportsTo).toEqual(['chief-6', 'domain-9'])
    expect(card.escalation[0]?.agents).toEqual(['layer-61', 'layer-60'])
  })

  it('can name every agent on the chart', () => {
    for (const { id } of ORG_CHART) {
      const { card } = draftCard({ id: 'layer-62', peers: [id] }, directory)
      expect(card.escalation[0]?.agents).toEqual([id])
    }
  })

  it('takes the next number of a kind', () => {
    expect(nextIdOf('layer', directory)).toBe('layer-62')
    expect(nextIdOf('expert', directory)).toBe('expert-17')
  })

  it.each([
    ['an id of no kind', { id: 'coffee-1' }, 'usage.card'],
    ['the CEO', { id: 'agent-0' }, 'usage.card'],
    ['a superior that is not there', { id: 'layer-62', reportsTo: ['chief-9'] }, 'agent.unknown'],
    ['itself as a peer', { id: 'layer-1', peers: ['layer-1'] }, 'agent.unknown'],
    ['a promise without a number', { id: 'layer-62', metrics: ['be nice'] }, 'usage.card'],
    ['a name that is a heading of its own', { id: 'layer-62', name: 'x\n# Layer #1: y' }, 'usage.card'],
  ])('refuses %s', (_, draft, code) => {
    expect(() => draftCard(draft, directory)).toThrow(expect.objectContaining({ code }))
  })

  it('reads back as the same agent, or is refused, whatever the words are', () => {
    const words = fc.string({ unit: 'grapheme', maxLength: 40 })
    fc.assert(
      fc.property(words, words, fc.array(words, { maxLength: 3 }), (name, purpose, responsibilities) => {
        const drafted = attempt({ id: 'layer-62', name, purpose, responsibilities })
        const { agent, problems } =
          typeof drafted === 'string' ? NOTHING : parseCard({ file: 'x', text: drafted.text })
        const same =
          agent?.id === 'layer-62' && agent.name === name && agent.reportsTo.join() === 'chief-6,domain-9'
        return drafted === 'usage.card' || (same && problems.length === 0)
      }),
      { numRuns: 60 },
    )
  })
})
