import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const DECISION = { type: 'decision', subject: 'x', body: { decision: 'x', because: 'y' } }

/** Layer 5 waited for layer 14 for an hour, and its blocker is open. */
async function overdue(): Promise<{ world: AgentsWorld; id: string; blocker: string }> {
  const world = new AgentsWorld()
  const id = await world.task('layer-5', 'layer-14', { priority: 'critical', responseRequired: true })
  await world.advance(HOUR + 1)
  const [incident] = await world.incidentsOf('layer-5')
  return { world, id, blocker: incident!.id }
}

const last = async (world: AgentsWorld, id: string) => (await world.history(id)).events.at(-1)

describe('an answer that comes after the incident that its absence opened', () => {
  it('has the requester withdraw it, with the reason, once', async () => {
    const { world, id, blocker } = await overdue()
    expect(await world.incident(blocker)).toMatchObject({ status: 'triggered' })
    await world.answer('layer-14', id)
    expect(await world.incident(blocker)).toMatchObject({ status: 'resolved', deadlineAt: null })
    expect(
      (await world.history(blocker)).events.findLast(({ type }) => type === 'incident.withdrawn'),
    ).toMatchObject({
      actor: 'layer-5',
      data: { because: 'layer-14 answered, too late, with a task_complete' },
    })
    const { events } = await world.history('layer-5')
    expect(events.find(({ type }) => type === 'message.answered')).toMatchObject({ data: { late: true } })
    expect((await world.mind('layer-5')).late).toEqual([])
    expect((await world.mind('chief-1')).inbox).toEqual({})
  })

  it('does not when another agent answers, or something else is answered', async () => {
    const { world, id, blocker } = await overdue()
    const done = { to: ['layer-5'], type: 'task_complete', subject: 'done', body: { task: 'x' } }
    await world.send({ ...done, from: 'layer-6', inReplyTo: id })
    await world.send({ ...done, from: 'layer-14', inReplyTo: 'something else' })
    await world.send({ ...DECISION, from: 'layer-14', to: ['layer-5'], thread: id })
    expect(await world.incident(blocker)).toMatchObject({ status: 'triggered' })
  })

  it('changes nothing when the incident is over already', async () => {
    const { world, id, blocker } = await overdue()
    await world.command(blocker, { type: 'resolve', as: 'chief-1', cause: 'done otherwise' })
    const { seq } = (await world.history(blocker)).row.state
    await world.answer('layer-14', id)
    expect((await world.history(blocker)).row.state.seq).toBe(seq)
    expect((await last(world, 'layer-5'))?.type).toBe('agent.noted')
  })

  it.each(['layer-4', 'layer-5'])(
    'settles a conflict with several parties by a decision of %s',
    async (from) => {
      const world = new AgentsWorld()
      const parties = {
        to: ['layer-4', 'layer-14'],
        type: 'conflict',
        subject: 'tokens',
        body: { about: 'tokens' },
      }
      const [thread] = await world.send({ ...parties, from: 'layer-5' })
      await world.advance(DAY + 1)
      const [incident] = await world.incidentsOf('layer-5')
      await world.send({ ...DECISION, from, to: [from === 'layer-5' ? 'layer-4' : 'layer-5'], thread })
      expect(await world.incident(incident!.id)).toMatchObject({ status: 'resolved' })
      const { events } = await world.history(incident!.id)
      expect(events.filter(({ type }) => /withdrawn|refused/.test(type))).toHaveLength(1)
      expect(await world.store.listMessages({ types: ['withdraw'], limit: 9 })).toHaveLength(1)
    },
  )

  it('does not take back a loss of data', async () => {
    const world = new AgentsWorld()
    const body = { what: 'rows are gone', situation: 'stuck', category: 'data-loss' }
    const [id] = await world.send({ from: 'layer-5', to: ['layer-14'], type: 'incident', subject: 'x', body })
    await world.advance(HOUR)
    await world.answer('layer-14', id!)
    expect(await world.incidentsOf('layer-5')).toMatchObject([{ category: 'data-loss', status: 'triggered' }])
  })
})
