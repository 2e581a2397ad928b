import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

const HOUR = 3_600_000

/** How long each priority may stay unanswered. Source: docs/protocol.md, "Priorities". */
const TARGETS = [
  ['critical', HOUR],
  ['high', 4 * HOUR],
  ['medium', 24 * HOUR],
  ['low', 72 * HOUR],
] as const

describe('a task that needs a response', () => {
  it.each(TARGETS)(
    'of priority %s becomes a blocker of its requester at the instant past its target, once',
    async (priority, targetMs) => {
      const world = new AgentsWorld()
      const id = await world.task('layer-5', 'layer-14', { priority, responseRequired: true })
      await world.advance(targetMs)
      expect(await world.incidentsOf('layer-5')).toEqual([])
      await world.advance(1)
      const [blocker, ...others] = await world.incidentsOf('layer-5')
      expect(others).toEqual([])
      expect(blocker).toMatchObject({
        category: 'blocker',
        title: 'layer-14 has not answered the task_request "cache the catalogue"',
        evidence: { kind: 'unanswered', messageId: id, to: 'layer-14', thread: id },
      })
      await world.advance(30 * 24 * HOUR)
      expect(await world.incidentsOf('layer-5')).toHaveLength(1)
      expect((await world.mind('layer-5')).awaiting).toEqual({})
    },
  )

  it.each([155, 156])(
    'becomes one whatever its subject is cut in: %i letters, then emoji',
    async (letters) => {
      const world = new AgentsWorld()
      const subject = 'x'.repeat(letters) + '😀'.repeat(20)
      await world.task('layer-5', 'layer-14', { priority: 'high', responseRequired: true, subject })
      await world.advance(4 * HOUR + 1)
      const [blocker] = await world.incidentsOf('layer-5')
      expect(blocker).toMatchObject({ category: 'blocker', evidence: { subject } })
      expect(blocker!.title.isWellFormed()).toBe(true)
    },
  )

  it('that is answered in time opens nothing, up to the very instant of the target', async () => {
    const world = new AgentsWorld()
    const id = await world.task('layer-5', 'layer-14', { priority: 'high', responseRequired: true })
    await world.moveTo(4 * HOUR)
    expect(await world.answer('layer-14', id)).toEqual(['agent.answered'])
    await world.advance(72 * HOUR)
    expect(await world.incidentsOf('layer-5')).toEqual([])
    expect(await world.log('layer-5')).toEqual([
      'agent.opened',
      'message.sent',
      'message.answered',
      'agent.noted',
    ])
  })

  it('is not answered by another agent, nor by an answer to something else', async () => {
    const world = new AgentsWorld()
    const id = await world.task('layer-5', 'layer-14', { responseRequired: true })
    const done = { to: ['layer-5'], type: 'task_complete', subject: 'done', body: { task: 'x' } }
    await world.send({ ...done, from: 'layer-6', inReplyTo: id })
    await world.send({ ...done, from: 'layer-14', inReplyTo: 'something else' })
    expect(Object.keys((await world.mind('layer-5')).awaiting ?? {})).toEqual([id])
    await world.send({ ...done, from: 'layer-14', inReplyTo: id })
    expect((await world.mind('layer-5')).awaiting).toEqual({})
  })

  it('is counted for each recipient, and waits until the instant that its sender names', async () => {
    const world = new AgentsWorld()
    const { nowMs: now } = await world.store.runtime()
    const [one, two] = await world.send({
      from: 'layer-5',
      to: ['layer-14', 'layer-15'],
      type: 'sync_request',
      subject: 'cache keys',
      body: { about: 'cache keys' },
      respondBy: now + 60_000,
    })
    expect(two).toBe(`${one}.1`)
    await world.answer('layer-15', two!)
    await world.advance(60_001)
    expect(await world.incidentsOf('layer-5')).toMatchObject([
      { evidence: { messageId: one, to: 'layer-14' } },
    ])
  })

  it('waits no longer than the world’s time scale has it', async () => {
    const world = new AgentsWorld(3_600)
    await world.task('layer-5', 'layer-14', { priority: 'critical', responseRequired: true })
    await world.advance(1_001)
    expect(await world.incidentsOf('layer-5')).toHaveLength(1)
  })

  it('is not escalated a millisecond early because another one is due', async () => {
    const world = new AgentsWorld()
    const urgent = { priority: 'critical', responseRequired: true }
    await world.task('layer-5', 'layer-14', urgent)
    await world.moveTo(1)
    await world.task('layer-5', 'layer-15', urgent)
    await world.moveTo(HOUR + 2)
    expect(await world.incidentsOf('layer-5')).toMatchObject([{ evidence: { to: 'layer-14' } }])
    await world.advance(0)
    expect(await world.incidentsOf('layer-5')).toHaveLength(2)
  })

  it('keeps its clock while its requester is stopped, and escalates when the requester works again', async () => {
    const world = new AgentsWorld()
    await world.task('layer-5', 'layer-14', { priority: 'critical', responseRequired: true })
    await world.tell('layer-5', { type: 'stop', as: 'operator' })
    await world.advance(2 * HOUR)
    expect(await world.incidentsOf('layer-5')).toEqual([])
    await world.tell('layer-5', { type: 'resume', as: 'operator' })
    await world.advance(1)
    expect(await world.incidentsOf('layer-5')).toHaveLength(1)
  })

  it('without a required response waits for nothing', async () => {
    const world = new AgentsWorld()
    await world.task('layer-5', 'layer-14')
    expect((await world.history('layer-5')).row.state.timer).toBeNull()
  })

  it('is refused by a sender that is stopped', async () => {
    const world = new AgentsWorld()
    await world.tell('layer-5', { type: 'stop', as: 'operator' })
    await expect(world.task('layer-5', 'layer-14')).rejects.toMatchObject({ code: 'agent.stopped' })
  })
})

describe('one timer', () => {
  it('serves the watch of a database and the answers that are due, each at its instant', async () => {
    const world = new AgentsWorld()
    await world.tell('layer-1', { type: 'watch', target: 'shop', everyMs: HOUR, as: 'operator' })
    await world.moveTo(HOUR / 2)
    await world.task('layer-1', 'layer-14', { priority: 'critical', responseRequired: true })
    const looks = () =>
      world.requests.filter(({ activity }) => activity === 'database.measure').map(({ at }) => at)
    await world.advance(2 * HOUR)
    expect(looks()).toEqual([HOUR + 1, 2 * HOUR + 2])
    const [blocker] = await world.incidentsOf('layer-1')
    expect(Date.parse(blocker!.openedAt) % (24 * HOUR)).toBe(1.5 * HOUR + 1)
  })
})

describe('when to escalate', () => {
  const message = { from: 'layer-5', to: ['layer-14'], subject: 'trouble' }
  const open = async (type: string, body: object, ms: number) => {
    const world = new AgentsWorld()
    await world.send({ ...message, type, body: { ...body } })
    await world.advance(ms)
    return (await world.incidentsOf('layer-5')).map(({ category, title }) => `${category}: ${title}`)
  }

  it.each([
    ['blocker', { blockedBy: 'a licence' }, 'blocker'],
    ['incident', { what: 'it is down' }, 'production'],
    ['incident', { what: 'a hole', situation: 'security' }, 'security'],
    ['incident', { what: 'too large', situation: 'too-large' }, 'overload'],
    ['incident', { what: 'two divisions', situation: 'across-divisions' }, 'coordination'],
    ['incident', { what: 'a strategy', situation: 'strategic-conflict' }, 'architecture'],
    ['incident', { what: 'rows are gone', category: 'data-loss' }, 'data-loss'],
  ])('a message of type %s with %j opens %s at once', async (type, body, category) => {
    expect(await open(type, body, 0)).toEqual([`${category}: trouble`])
  })

  it.each([
    ['resource_request', { resource: 'a disk', reason: 'full' }, 'blocker', 60],
    ['incident', { what: 'stuck', situation: 'stuck' }, 'integration', 30],
    ['incident', { what: 'slow', situation: 'slower' }, 'performance', 15],
  ])(
    'a message of type %s with %j becomes %s after %i min without an answer',
    async (type, body, category, min) => {
      expect(await open(type, body, min * 60_000)).toEqual([])
      const title = `layer-14 has not answered the ${type} "trouble"`
      expect(await open(type, body, min * 60_000 + 1)).toEqual([`${category}: ${title}`])
    },
  )

  it('takes the sooner of the two where a type and a priority both set a time', async () => {
    const body = { resource: 'a disk', reason: 'full' }
    const world = new AgentsWorld()
    await world.send({ ...message, type: 'resource_request', body, priority: 'low', responseRequired: true })
    await world.advance(60 * 60_000 + 1)
    expect(await world.incidentsOf('layer-5')).toHaveLength(1)
  })

  it('opens no second incident for the answer to one that it has opened at once', async () => {
    const world = new AgentsWorld()
    const body = { blockedBy: 'a licence' }
    await world.send({ ...message, type: 'blocker', body, priority: 'critical', responseRequired: true })
    await world.advance(72 * HOUR)
    expect(await world.incidentsOf('layer-5')).toHaveLength(1)
  })

  it('opens one incident a thread, with the evidence that the sender brought', async () => {
    const world = new AgentsWorld()
    const evidence = { kind: 'rows-missing', missing: 7, source: 'a', copy: 'b' }
    const body = { what: 'rows are gone', category: 'data-loss', evidence }
    const [thread] = await world.send({ ...message, from: 'layer-1', type: 'incident', body })
    await world.send({ ...message, from: 'layer-1', type: 'incident', body, thread })
    const incidents = await world.incidentsOf('layer-1')
    expect(incidents).toMatchObject([
      { duplicates: 1, status: 'acknowledged', evidence: { missing: 7, thread } },
    ])
  })
})
