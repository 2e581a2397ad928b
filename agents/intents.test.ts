import { intentsOf, routeQuestion } from '@esa/behavior'
import { buildDirectory } from '@esa/org'
import { parseCard } from '@esa/org/cards'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { behaviors } from './behaviors.ts'

const file = new URL('./layers/layer-1/card.md', import.meta.url)
const card = parseCard({ file: 'card.md', text: readFileSync(file, 'utf8') }).agent
const layer1 = intentsOf({ card }, behaviors.mindOf('layer-1'))
const route = (question: string): string | null => routeQuestion(question, layer1).intent?.id ?? null

describe('a question to layer-1', () => {
  it.each([
    ['Which indexes are unused?', 'indexes'],
    ['How large should our connection pools be?', 'tune-connections'],
    ['why is this query so slow, show me its plan', 'explain'],
    ['what are the slowest queries', 'queries'],
    ['Is the schema normalized?', 'normalize'],
    ['does this migration lock the orders table', 'lint'],
    ['would we lose data', 'verify'],
    ['are there orphans or broken foreign keys?', 'integrity'],
    ['which table is worth partitioning', 'storage'],
    ['How is our p95?', 'measure'],
    ['which index would make this endpoint faster?', 'serve-endpoint'],
    ['what do you promise?', 'about:metrics'],
    ['whom do you escalate to?', 'about:escalation'],
    ['are you busy?', 'about:load'],
    ['what can I ask you?', 'about:tasks'],
  ])('%s goes to %s', (question, intent) => {
    expect(route(question)).toBe(intent)
  })

  it('falls back to what the card says, and to nothing when no word fits', () => {
    expect(route('who decides about Drizzle and tenfold growth?')).toMatch(/^(storage|responsibility-1)$/)
    expect(routeQuestion('¿qué hora es? xyzzy', layer1)).toEqual({ intent: null, matched: [], others: [] })
    expect(routeQuestion('', layer1).intent).toBeNull()
  })

  it('is routed for an agent without code by its card alone, and always the same way', () => {
    const agent = buildDirectory([]).get('layer-14')!
    const intents = intentsOf(agent, behaviors.mindOf('layer-14'))
    expect(routeQuestion('what do you promise', intents).intent?.id).toBe('about:metrics')
    expect(routeQuestion('index index index', layer1)).toEqual(routeQuestion('index', layer1))
  })
})
