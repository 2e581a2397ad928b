import { effects, toActions } from '@esa/actor'
import { setup } from 'xstate'
import { describe, expect, it } from 'vitest'
import { snooze, withdraw } from './incident-actions.ts'
import type { IncidentContext } from './incident-context.ts'
import type { IncidentEvent } from './incident-events.ts'

const incident = setup({
  types: { context: {} as IncidentContext, events: {} as IncidentEvent },
  actions: { ...effects, ...toActions({ snooze, withdraw }) },
})

// The type checker is the test: each line below it must stay wrong.
const states = {
  right: incident.createStateConfig({
    on: { snooze: { actions: { type: 'snooze', params: ({ event }) => event } } },
  }),
  otherEvent: incident.createStateConfig({
    // @ts-expect-error a withdrawal does not say for how long to snooze
    on: { withdraw: { actions: { type: 'snooze', params: ({ event }) => event } } },
  }),
  withoutEvent: incident.createStateConfig({
    // @ts-expect-error the action needs the event
    on: { snooze: { actions: 'snooze' } },
  }),
}

describe('an action that needs an event', () => {
  it('is checked against the events of its transition', () => {
    expect(Object.keys(states)).toHaveLength(3)
  })
})
