import { incidentCommands } from '@esa/escalation'
import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { commandApi } from './command-api.ts'
import { commandTools } from './mcp/incident-tools.ts'

/** The table with a command that this product does not have. */
const table = {
  ...incidentCommands,
  postpone: {
    http: 'postpone',
    cli: 'postpone',
    scope: 'incidents:ack',
    help: 'Asks again tomorrow.',
    example: '--as layer-2 --until tomorrow',
    fields: { until: z.string().describe('when'), why: z.string().describe('the reason') },
    words: { why: 'reason' },
    ends: true,
    least: () => ({ until: 'tomorrow', why: 'later' }),
  },
} as const

describe('a command that is added to the table', () => {
  it('has a place, a scope and its fields in the API', () => {
    const { place, scopeOf, typeOf, body } = commandApi(table)
    expect(place.parse('postpone')).toBe('postpone')
    expect([scopeOf('postpone'), typeOf('postpone')]).toEqual(['incidents:ack', 'postpone'])
    expect(Object.keys(body.shape)).toEqual(expect.arrayContaining(['until', 'why', 'reason', 'forMs']))
    expect(body.parse({ until: 'tomorrow' })).toEqual({ as: 'operator', until: 'tomorrow' })
  })

  it('is a strict tool that asks by the words of today and still takes those of before', () => {
    const tool = commandTools(table).find(({ name }) => name === 'incidents_postpone')!
    expect(tool).toMatchObject({
      scope: 'incidents:ack',
      effect: { kind: 'ends' },
      description: 'Asks again tomorrow.',
      renamed: { why: 'reason' },
    })
    const given = { id: 'x', until: 'tomorrow', reason: 'later' }
    expect(tool.input.parse(given)).toEqual(given)
    expect(tool.input.safeParse({ ...given, extra: 1 }).success).toBe(false)
    expect(tool.input.safeParse({ id: 'x', until: 'tomorrow' }).success).toBe(false)
  })
})
