import type { IncidentCommand } from '@esa/escalation'
import type { Category } from '@esa/protocol'
import { describe, expect } from 'vitest'
import { story } from './story.ts'

const MIN = 60_000

describe('duplicates', () => {
  story('are counted and touch nothing', async ({ open, after, told, world }) => {
    const id = await open('layer-1', 'integration', 'slow')
    await after('10m')
    const { duplicates, seq, nowAt, ...before } = await world.incident(id)
    told()
    expect(await open('layer-1', 'performance', 'slow')).toBe(id)
    expect(await world.incident(id)).toEqual({ ...before, duplicates: duplicates + 1, seq: seq + 1, nowAt })
    expect(told()).toEqual([])
  })

  story('of data loss raise, once', async ({ open, told, world }) => {
    const id = await open('layer-1', 'integration', 'slow')
    told()
    await open('layer-1', 'data-loss', 'slow')
    expect(told()).toEqual(['agent-0'])
    const { epoch } = await world.incident(id)
    await open('layer-1', 'data-loss', 'slow')
    expect(await world.incident(id)).toMatchObject({
      epoch,
      duplicates: 2,
      dataLoss: true,
      category: 'integration',
    })
    expect(told()).toEqual([])
  })

  story('two agents may use one key, and no key means no duplicate', async ({ open }) => {
    const ids = [
      await open('layer-1', 'integration', 'slow'),
      await open('layer-14', 'integration', 'slow'),
      await open('layer-1', 'integration'),
      await open('layer-1', 'integration'),
    ]
    expect(new Set(ids).size).toBe(4)
  })
})

const commands = (as: string): IncidentCommand[] => [
  { type: 'acknowledge', as },
  { type: 'decline', as, reason: 'no' },
  { type: 'resolve', as, cause: 'done' },
  { type: 'withdraw', as },
  { type: 'snooze', as, forMs: MIN },
  { type: 'suppress', as, forMs: MIN },
  { type: 'unsuppress', as },
  { type: 'escalate', as },
  { type: 'reassign', as, to: 'layer-14' },
  { type: 'raise', as },
]

/** What each kind of agent may ask of a fresh integration incident of layer-1. */
const RIGHTS: [string, string, string[]][] = [
  ['a stranger', 'layer-14', []],
  ['the opener', 'layer-1', ['escalate', 'raise', 'withdraw']],
  ['an addressee', 'layer-2', ['acknowledge', 'decline', 'escalate', 'resolve', 'snooze']],
  ['the chief above', 'chief-1', ['acknowledge', 'escalate', 'resolve', 'snooze']],
  ['a chief of elsewhere', 'chief-2', []],
  [
    'an operator',
    'operator',
    commands('operator')
      .map(({ type }) => type)
      .filter((type) => type !== 'unsuppress'),
  ],
]

describe('who may act', () => {
  for (const [who, as, allowed] of RIGHTS) {
    story(`${who} may ${allowed.join(', ') || 'nothing'}`, async ({ open, command, world }) => {
      const obeyed: string[] = []
      for (const asked of commands(as)) {
        const id = await open('layer-1', 'integration')
        const before = await world.incident(id)
        const answer = await command(id, asked)
        if (answer === 'obeyed') obeyed.push(asked.type)
        else {
          expect(answer).toBe(as === 'operator' ? 'incident.wrong-state' : 'incident.not-allowed')
          expect(await world.incident(id)).toEqual({ ...before, seq: before.seq + 1 })
        }
      }
      expect(obeyed.toSorted()).toEqual(allowed.toSorted())
    })
  }

  story('a notified agent keeps the right on higher levels', async ({ open, after, command }) => {
    const id = await open('layer-1', 'integration')
    await after('30m')
    expect(await command(id, { type: 'decline', as: 'layer-2', reason: 'no' })).toBe('incident.not-allowed')
    expect(await command(id, { type: 'resolve', as: 'layer-2', cause: 'done' })).toBe('obeyed')
  })
})

/** What an operator may ask in each state. */
const TABLE: [string, Category, (as: string) => IncidentCommand[], string[]][] = [
  [
    'acknowledged',
    'integration',
    (as) => [{ type: 'acknowledge', as }],
    ['escalate', 'raise', 'reassign', 'resolve', 'snooze', 'withdraw'],
  ],
  [
    'snoozed',
    'integration',
    (as) => [{ type: 'snooze', as, forMs: MIN }],
    ['acknowledge', 'escalate', 'raise', 'resolve', 'withdraw'],
  ],
  [
    'suppressed',
    'integration',
    (as) => [{ type: 'suppress', as, forMs: MIN }],
    ['raise', 'resolve', 'unsuppress', 'withdraw'],
  ],
  [
    'exhausted',
    'security',
    (as) => [
      { type: 'escalate', as },
      { type: 'escalate', as },
    ],
    ['acknowledge', 'raise', 'resolve', 'withdraw'],
  ],
  ['resolved', 'integration', (as) => [{ type: 'resolve', as, cause: 'done' }], []],
]

describe('what each state allows', () => {
  for (const [status, category, into, allowed] of TABLE) {
    story(`${status}: ${allowed.join(', ') || 'nothing'}`, async ({ open, command, world }) => {
      const obeyed: string[] = []
      for (const asked of commands('operator')) {
        const id = await open('layer-1', category)
        for (const step of into('operator')) await command(id, step)
        const before = await world.incident(id)
        expect(before.status).toBe(status)
        if ((await command(id, asked)) === 'obeyed') obeyed.push(asked.type)
        else expect(await world.incident(id)).toEqual({ ...before, seq: before.seq + 1 })
      }
      expect(obeyed.toSorted()).toEqual(allowed)
    })
  }
})
