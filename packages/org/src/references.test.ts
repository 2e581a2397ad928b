import { describe, expect, it } from 'vitest'
import { allReferences, idsOf, leadingReferences } from './references.ts'

describe('allReferences', () => {
  it.each([
    ['Layer #2 (API Structure)', ['layer-2']],
    ['layer 2', ['layer-2']],
    ['Layer Agent #2', ['layer-2']],
    ['Domain #1', ['domain-1']],
    ['Chief #3 (Business)', ['chief-3']],
    ['Agent #0 (ESA CEO)', ['agent-0']],
    ['ESA CEO', ['agent-0']],
    ['Expert #11 (UI/UX Design)', ['expert-11']],
    ['Agent #63', ['ops-63']],
    ['Ops #65', ['ops-65']],
    ['Operational Agent #64', ['ops-64']],
    ['Life CEO: health', ['lifeceo-health']],
    ['Life CEO Agent: global mobility', ['lifeceo-global-mobility']],
    ['Life CEO finance', ['lifeceo-finance']],
    ['layer-2', ['layer-2']],
    ['lifeceo-global-mobility', ['lifeceo-global-mobility']],
    ['Domain #7 (Life CEO Core)', ['domain-7']],
    ['Chief #1 (Foundation) + Domain #1 (Infrastructure)', ['chief-1', 'domain-1']],
    ['Layers 1-3', ['layer-1', 'layer-2', 'layer-3']],
    ['Layers #8–#10', ['layer-8', 'layer-9', 'layer-10']],
    ['Layers 8, 9 and 12', ['layer-8', 'layer-9', 'layer-12']],
    ['Layer #2, #3', ['layer-2', 'layer-3']],
    ['Layer #99', ['layer-99']],
    ['layer-1-database-architecture.md', []],
    ['layer-specific work', []],
    ['all Life CEO agents', []],
  ])('%j names %j', (text, ids) => {
    const scan = allReferences(text)
    expect(idsOf(scan)).toEqual(ids)
    expect(scan.unreadable).toEqual([])
  })

  it('says why a number without a kind is not enough', () => {
    const { unreadable } = allReferences('ask Agent #12')
    expect(unreadable).toEqual([{ text: 'Agent #12', start: 4, hint: 'Say the kind: layer-12, expert-12.' }])
  })

  it('points at words that look like an agent and are none', () => {
    expect(allReferences('Layr #2, Layer #x').unreadable.map(({ text, start }) => [text, start])).toEqual([
      ['Layr #2', 0],
      ['Layer #x', 9],
    ])
  })

  it('refuses a range that goes down or beyond the organization', () => {
    expect(allReferences('Layers 10-1').unreadable).toHaveLength(1)
    expect(allReferences('Layers 1-999999999').unreadable).toHaveLength(1)
  })
})

describe('leadingReferences', () => {
  it('stops where the reasons begin, so an agent named in them is not an addressee', () => {
    const scan = leadingReferences('Layer #2 (API), Layer #3 - trouble with Layer #5')
    expect(idsOf(scan)).toEqual(['layer-2', 'layer-3'])
    expect(scan.end).toBe('Layer #2 (API), Layer #3'.length)
  })

  it('does not take a wait for a name', () => {
    const scan = leadingReferences('Layer #2 (30 min), Layer #3 (30 min)')
    expect(scan.references.map(({ end }) => end)).toEqual([8, 27])
  })
})
