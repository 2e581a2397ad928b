import { type EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { defineBehavior } from './behaviors.ts'
import { declinedActivities } from './needs.ts'

const digger = defineBehavior({
  needs: { plugin: 'garden', activities: { 'hole.dig': 'dig.failed' } },
  skills: { 'dig.failed': () => ({}) },
})

describe('a behavior that needs a plugin', () => {
  it('has its activities declined where the plugin is not configured, and its mailbox learns why', async () => {
    const [handler, ...more] = declinedActivities([digger, {}], new Set(['database']))
    expect([handler?.activity, more]).toEqual(['hole.dig', []])
    const failure: unknown = await handler!.run({}, {} as never).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'task.not-installed', kind: 'terminal' })
    expect(handler!.onFailure!({ depth: 2 }, failure as EsaError, 'layer-9')).toEqual([
      {
        to: 'layer-9',
        type: 'dig.failed',
        body: { depth: 2, why: 'task.not-installed: the plugin garden is not configured here' },
      },
    ])
  })

  it('has none declined where it is configured: a newer worker may have what this one lacks', () => {
    expect(declinedActivities([digger], new Set(['garden']))).toEqual([])
  })

  it('must take the message by which it learns of a failure', () => {
    const needs = { plugin: 'garden', activities: { 'hole.dig': 'dig.faild' } }
    const wrong = (): unknown => defineBehavior({ ...digger, needs })
    expect(wrong).toThrow(expect.objectContaining({ code: 'behavior.loses-outcome' }))
  })
})
