import { describe, expect, it } from 'vitest'
import { aboutOf, cardLineOf, since, whoOf } from './timeline-words.ts'

describe('a line of a timeline', () => {
  it.each([
    [0, '00:00.000'],
    [61_005, '01:01.005'],
    [5_400_001, '90:00.001'],
  ])('says %i ms after the opening as %s', (ms, text) => expect(since(ms)).toBe(text))

  it('says who, with the person who spoke in their name, else who was notified', () => {
    expect(whoOf('layer-2', {})).toBe('layer-2')
    expect(whoOf('layer-2', { by: 'ada' })).toBe('layer-2 (ada)')
    expect(whoOf(undefined, { targets: ['layer-2', 'layer-3'] })).toBe('→ layer-2, layer-3')
    expect(whoOf(undefined, {})).toBe('')
  })

  it.each([
    ['command.refused', { command: 'acknowledge', code: 'incident.not-allowed', by: 'ada' }],
    ['incident.acknowledged', { forMs: 7_200_000, by: 'ada' }],
    ['incident.escalated', { from: 'peer', cause: 'wait missed' }],
    ['incident.notified', { targets: ['chief-1'], visit: 2, cause: 'wait missed', cardLine: 31 }],
    ['agent.received', { item: 'x', from: 'layer-3', body: { a: 1 }, missing: null }],
  ])('says of %s what a reader needs', (type, data) => {
    const told: Record<string, string> = {
      'command.refused': 'acknowledge: incident.not-allowed',
      'incident.acknowledged': 'for 2 h',
      'incident.escalated': 'wait missed',
      'incident.notified': 'wait missed',
      'agent.received': 'item x, from layer-3',
    }
    expect(aboutOf(type, data)).toBe(told[type])
  })

  it('names the line of the card, where the card still is the one that was pinned', () => {
    expect(cardLineOf({ cardLine: 31 }, 'card.md')).toBe('card.md:31')
    expect(cardLineOf({ cardLine: null }, 'card.md')).toBe('')
    expect(cardLineOf({ cardLine: 31 }, null)).toBe('')
  })
})
