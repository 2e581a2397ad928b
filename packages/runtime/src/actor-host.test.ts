import { EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { BROKEN_AGENT, scriptedWorld, WEDGED_MS } from '../testing/scripted-world.ts'

const note = (n: number, to = 'layer-2') => ({ from: 'layer-1', to, type: 'note', body: { n } })

describe('a message', () => {
  it('starts the agent it is for, and is delivered once however often its bell rings', async () => {
    const { host, events, store } = scriptedWorld()
    const id = await host.post(note(1))
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => host.deliver(id)))
    expect(outcomes.filter(({ outcome }) => outcome === 'delivered')).toHaveLength(1)
    expect(await host.deliver(id)).toEqual({ outcome: 'already' })
    expect(await events('layer-2', 'got.note')).toMatchObject([{ inputId: id, data: { n: 1 } }])
    expect((await store.backlog()).messages).toBe(0)
  })

  it('without a row is a read of nothing', async () => {
    const { host, store } = scriptedWorld()
    expect(await host.deliver('01JZZZZZZZZZZZZZZZZZZZZZZZ')).toEqual({ outcome: 'already' })
    expect(await store.listActors({})).toEqual([])
  })

  it('is one of many that meet in one actor, each in a step of its own', async () => {
    const { host, events } = scriptedWorld()
    const ids = await Promise.all(Array.from({ length: 30 }, (_, n) => host.post(note(n))))
    await Promise.all(ids.map((id) => host.deliver(id)))
    const got = await events('layer-2', 'got.note')
    expect(new Set(got.map(({ inputId }) => inputId))).toEqual(new Set(ids))
    expect(got).toHaveLength(30)
    expect(got.map(({ seq }) => seq)).toEqual(got.map((_, index) => got[0]!.seq + index))
  })

  it.each([
    ['an agent that does not exist', note(1, 'nobody-9'), 'agent.unknown', 'terminal'],
    ['an agent that cannot be opened', note(1, BROKEN_AGENT), 'runtime.step-broken', 'bug'],
    ['a machine that it breaks', { ...note(1), type: 'explode' }, 'actor.step-failed', 'bug'],
  ])('for %s is buried, and the next one passes', async (_, message, code, kind) => {
    const { host, store, events } = scriptedWorld()
    const poison = await host.post(message)
    const sound = await host.post(note(2))
    expect(await host.deliver(poison)).toMatchObject({ outcome: 'dead', error: { code, kind } })
    expect(await host.deliver(sound)).toEqual({ outcome: 'delivered' })
    expect(await store.backlog()).toMatchObject({ messages: 0, dead: 1 })
    expect(await events('layer-2', 'got.note')).toHaveLength(1)
  })

  it.each([
    ['database.schema', 'terminal'],
    ['database.permission', 'terminal'],
    ['database.unexpected', 'bug'],
    ['database.unreachable', 'transient'],
  ] as const)('is kept when the store is in trouble: %s', async (code, kind) => {
    let trouble = false
    const beforeCommit = (): void => {
      if (trouble) throw new EsaError(code, kind, 'not the message is at fault')
    }
    const { host, store } = scriptedWorld({ faults: { beforeCommit } })
    const id = await host.post(note(1))
    trouble = true
    await expect(host.deliver(id)).rejects.toMatchObject({ code })
    expect(await store.backlog()).toMatchObject({ messages: 1, dead: 0 })
    trouble = false
    expect(await host.deliver(id)).toEqual({ outcome: 'delivered' })
  })

  it('waits behind a deadline that its recipient cannot serve, and reaches it once that is fixed', async () => {
    const { host, store, clock, events } = scriptedWorld()
    await host.command('layer-2', { type: 'arm', waitMs: WEDGED_MS })
    const innocent = await host.post(note(1))
    clock.turn(WEDGED_MS + 1)
    await expect(host.deliver(innocent)).rejects.toMatchObject({ code: 'actor.step-failed' })
    expect(await store.backlog()).toMatchObject({ messages: 1, dead: 0 })
    clock.turn(-2)
    expect(await host.deliver(innocent)).toEqual({ outcome: 'delivered' })
    expect(await events('layer-2', 'got.note')).toHaveLength(1)
  })

  it('that breaks its recipient is buried also at a deadline, which is served', async () => {
    const { host, store, clock, events } = scriptedWorld()
    await host.command('layer-2', { type: 'arm', waitMs: 100 })
    const poison = await host.post({ ...note(1), type: 'explode' })
    clock.turn(101)
    expect(await host.deliver(poison)).toMatchObject({
      outcome: 'dead',
      error: { code: 'actor.step-failed' },
    })
    expect(await store.backlog()).toMatchObject({ messages: 0, dead: 1 })
    expect(await events('layer-2', 'fired')).toHaveLength(1)
  })

  it('that the database refuses as data is buried', async () => {
    let refuse = false
    const beforeCommit = (): void => {
      if (refuse) throw new EsaError('database.data', 'terminal', 'a value that it cannot take')
    }
    const { host, store } = scriptedWorld({ faults: { beforeCommit } })
    const id = await host.post(note(1))
    refuse = true
    expect(await host.deliver(id)).toMatchObject({ outcome: 'dead' })
    expect(await store.backlog()).toMatchObject({ messages: 0, dead: 1 })
  })

  it('applies once when the answer of its commit is lost', async () => {
    let lose = false
    const afterCommit = (): void => {
      if (!lose) return
      lose = false
      throw new Error('the line went dead')
    }
    const { host, events } = scriptedWorld({ faults: { afterCommit } })
    const id = await host.post(note(1))
    lose = true
    expect(await host.deliver(id)).toEqual({ outcome: 'already' })
    lose = true
    await host.command('layer-2', { type: 'told', n: 7 })
    expect(await events('layer-2', 'got.note')).toHaveLength(1)
    expect(await events('layer-2', 'got.told')).toHaveLength(1)
  })
})

describe('posts', () => {
  it('that come together are one commit, and each has its own id', async () => {
    let commits = 0
    const { host, events } = scriptedWorld({ faults: { afterCommit: () => void commits++ } })
    const ids = await Promise.all(Array.from({ length: 30 }, (_, n) => host.post(note(n))))
    expect([commits, new Set(ids).size]).toEqual([1, 30])
    for (const id of ids) await host.deliver(id)
    expect((await events('layer-2', 'got.note')).map(({ data }) => data['n'])).toEqual([...Array(30).keys()])
  })

  it('are written without the one that the store refuses', async () => {
    const { host, store } = scriptedWorld()
    const transact = store.transact.bind(store)
    store.transact = (work) =>
      transact((tx) => {
        const write = tx.write.bind(tx)
        tx.write = (commit) => {
          if (commit.messages.some(({ type }) => type === 'bad'))
            throw new EsaError('database.data', 'terminal', 'no')
          return write(commit)
        }
        return work(tx)
      })
    const posted = await Promise.allSettled(
      [note(1), { ...note(2), type: 'bad' }, note(3)].map((each) => host.post(each)),
    )
    expect(posted.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await store.backlog()).messages).toBe(2)
  })

  it('are written once when the answer of their commit is lost', async () => {
    let lose = true
    const afterCommit = (): void => {
      if (!lose) return
      lose = false
      throw new Error('the line went dead')
    }
    const { host, store } = scriptedWorld({ faults: { afterCommit } })
    await Promise.all([host.post(note(1)), host.post(note(2))])
    expect((await store.backlog()).messages).toBe(2)
  })
})

describe('a command for one epoch', () => {
  it('is refused when its actor is at another, or its deadline has passed: nothing is written', async () => {
    const { host, clock, store } = scriptedWorld()
    const { state } = await host.command('layer-1', { type: 'arm', waitMs: 1_000 })
    const told = (ifEpoch: number) => host.command('layer-1', { type: 'hello' }, { ifEpoch })
    const refused = { code: 'request.conflict', kind: 'terminal', details: { epoch: state.epoch } }
    await expect(told(state.epoch + 1)).rejects.toMatchObject(refused)
    clock.turn(1_000)
    await told(state.epoch)
    const before = await store.readStream('layer-1')
    clock.turn(1)
    await expect(told(state.epoch)).rejects.toMatchObject(refused)
    expect(await store.readStream('layer-1')).toEqual(before)
  })

  it('is done once though the answer of its commit is lost', async () => {
    let lose = false
    const afterCommit = (): void => {
      if (!lose) return
      lose = false
      throw new Error('the line went dead')
    }
    const { host, events } = scriptedWorld({ faults: { afterCommit } })
    const { state } = await host.command('layer-1', { type: 'hello' })
    lose = true
    await host.command('layer-1', { type: 'arm', waitMs: 1_000 }, { ifEpoch: state.epoch })
    expect(await events('layer-1', 'armed')).toHaveLength(1)
  })
})

describe('a deadline', () => {
  const arm = { type: 'arm', waitMs: 1_000 }

  it('is not served at its ms, and is from the next one on, once, by any worker', async () => {
    const { host, clock, events } = scriptedWorld()
    await host.command('layer-1', arm)
    clock.turn(1_000)
    expect((await host.serveDue(['layer-1'])).served).toBe(0)
    clock.turn(1)
    const served = await Promise.all([1, 2, 3].map(() => host.serveDue(['layer-1'])))
    expect(served.reduce((sum, { served: n }) => sum + n, 0)).toBe(1)
    expect(await events('layer-1', 'fired')).toMatchObject([{ lateMs: 1 }])
  })

  it('that a command settles leaves the same input as the timer service would', async () => {
    const byCommand = scriptedWorld()
    const byService = scriptedWorld()
    for (const { host, clock } of [byCommand, byService]) {
      await host.command('layer-1', arm)
      clock.turn(1_001)
    }
    await byService.host.serveDue(['layer-1'])
    for (const { host } of [byCommand, byService]) await host.command('layer-1', { type: 'note', n: 1 })
    const fired = await byCommand.events('layer-1', 'fired')
    expect(fired).toMatchObject([{ input: { kind: 'timer', id: 'timer:layer-1:1', epoch: 1 } }])
    const [byTimer] = await byService.events('layer-1', 'fired')
    expect(byTimer).toMatchObject({ input: fired[0]?.input, seq: fired[0]?.seq, at: fired[0]?.at })
  })

  it('and a message at that instant: the deadline is settled first', async () => {
    const { host, clock, store } = scriptedWorld()
    await host.command('layer-1', arm)
    const id = await host.post(note(1, 'layer-1'))
    clock.turn(1_001)
    await host.deliver(id)
    expect((await store.readStream('layer-1')).map(({ type }) => type).slice(-2)).toEqual([
      'fired',
      'got.note',
    ])
  })

  it('of a locked actor is left to the holder of the lock, without waiting', async () => {
    const { host, clock, store } = scriptedWorld()
    for (const id of ['layer-1', 'layer-2']) await host.command(id, arm)
    clock.turn(1_001)
    await store.transact(async (tx) => {
      await tx.lockActors(['layer-1'])
      expect(await host.serveDue(['layer-1', 'layer-2'])).toEqual({ served: 1, failed: [] })
    })
    expect((await store.due(10)).ids).toEqual(['layer-1'])
  })

  it('that breaks its actor costs the others of its batch nothing', async () => {
    const { host, clock, events } = scriptedWorld()
    await host.command('layer-1', { type: 'arm', waitMs: 13 })
    await host.command('layer-2', { type: 'arm', waitMs: 14 })
    clock.turn(20)
    const { served, failed } = await host.serveDue(['layer-1', 'layer-2'])
    expect(served).toBe(1)
    expect(failed).toMatchObject([{ id: 'layer-1', error: { code: 'actor.step-failed' } }])
    expect(await events('layer-2', 'fired')).toHaveLength(1)
  })
})

describe('opening', () => {
  const request = { type: 'scripted', key: 'k', from: 'layer-1', body: {} }

  it('under one key makes one actor, however many ask at once', async () => {
    const { host, store } = scriptedWorld()
    const opened = await Promise.all(Array.from({ length: 10 }, () => host.open(request)))
    expect(new Set(opened.map(({ state }) => state.id)).size).toBe(1)
    expect(opened.filter(({ created }) => created)).toHaveLength(1)
    expect(await store.listActors({ type: 'scripted' })).toHaveLength(1)
  })

  it('whose answer is lost finds what it opened', async () => {
    let lose = true
    const afterCommit = (): void => {
      if (!lose) return
      lose = false
      throw new Error('the line went dead')
    }
    const { host, store } = scriptedWorld({ faults: { afterCommit } })
    expect(await host.open({ ...request, key: null })).toMatchObject({ created: true })
    expect(await store.listActors({ type: 'scripted' })).toHaveLength(1)
  })
})
