import type { ActivityHandler } from '@esa/actor'
import { EsaError } from '@esa/protocol'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ActivityRunner } from './activity-runner.ts'
import { type ScriptedWorld, scriptedWorld, silent } from '../testing/scripted-world.ts'
import { until } from '../testing/until.ts'

type Run = ActivityHandler['run']

/** A world whose agents may ask for the activity `look`, and two runners, as two workers have. */
function withActivity(run: Run, onFailure?: ActivityHandler['onFailure']) {
  const handler = { activity: 'look', run, ...(onFailure === undefined ? {} : { onFailure }) }
  const world = scriptedWorld({ activities: [handler] })
  const runner = (): ActivityRunner => new ActivityRunner({ ...world, log: silent })
  return { world, runner: runner(), other: runner() }
}

/** Lets an agent ask for an activity; answers its id. */
async function ask({ host, store }: ScriptedWorld, agentId: string, perform: object = {}): Promise<string> {
  const event = { type: 'ask', perform: { activity: 'look', input: {}, ...perform } }
  const { state } = await host.command(agentId, event)
  expect((await store.backlog()).activities).toBeGreaterThan(0)
  return `${agentId}.${state.seq}.0`
}

const seen = (to: string) => [{ to, type: 'seen', body: {} }]
const deliverAll = async ({ host, store, clock }: ScriptedWorld): Promise<void> => {
  clock.turn(3_000)
  for (const { id } of await store.takeOverdue({ limit: 100, afterMs: 2_000 })) await host.deliver(id)
}

afterEach(() => {
  vi.useRealTimers()
})

describe('an activity', () => {
  it('brings its outcome back as a message, and runs no more than once when it is rung again', async () => {
    let runs = 0
    const { world, runner, other } = withActivity(async (_, { actorId }) => {
      runs++
      return seen(actorId)
    })
    const id = await ask(world, 'layer-1')
    await Promise.all([runner.run(id), other.run(id), runner.run(id)])
    await runner.run(id)
    await deliverAll(world)
    expect(runs).toBe(1)
    expect(await world.events('layer-1', 'got.seen')).toHaveLength(1)
  })

  it('that fails transiently is tried again after a pause, with the same key', async () => {
    const tries: { key: string; attempt: number }[] = []
    const { world, runner } = withActivity(async (_, { actorId, key, attempt }) => {
      tries.push({ key, attempt })
      if (attempt === 1) throw new EsaError('look.blinded', 'transient', 'too bright')
      return seen(actorId)
    })
    const id = await ask(world, 'layer-1')
    await runner.run(id)
    await runner.run(id)
    expect(tries).toHaveLength(1)
    world.clock.turn(501)
    await runner.run(id)
    expect(tries).toEqual([
      { key: id, attempt: 1 },
      { key: id, attempt: 2 },
    ])
    expect((await world.store.backlog()).activities).toBe(0)
  })

  it('that fails terminally ends, and its actor gets the code', async () => {
    const { world, runner } = withActivity(
      async () => Promise.reject(new EsaError('look.absent', 'terminal', 'nothing there')),
      (_, { code }, actorId) => [{ to: actorId, type: 'failed', body: { code } }],
    )
    await runner.run(await ask(world, 'layer-1'))
    await deliverAll(world)
    expect(await world.events('layer-1', 'got.failed')).toMatchObject([
      { input: { event: { code: 'look.absent' } } },
    ])
  })

  it('ends even when its handler throws before it promises anything, and again in its error handler', async () => {
    const unhandled: unknown[] = []
    const hear = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', hear)
    const broken = (): never => {
      throw new TypeError('a bug')
    }
    const { world, runner } = withActivity(broken, broken)
    const id = await ask(world, 'layer-1', { timeoutMs: 20 })
    await runner.run(id)
    expect((await world.store.backlog()).activities).toBe(0)
    // Its time-out is still to come, and must not end the process.
    const past = AbortSignal.timeout(40)
    await until('the time-out has passed', () => past.aborted)
    process.off('unhandledRejection', hear)
    expect(unhandled).toEqual([])
  })

  it.each([
    ['has no handler of failures', undefined],
    [
      'has one that throws',
      (): never => {
        throw new TypeError('a bug')
      },
    ],
  ])('that fails and %s tells its actor all the same', async (_, onFailure) => {
    const { world, runner } = withActivity(
      async () => Promise.reject(new EsaError('look.absent', 'terminal', 'nothing there')),
      onFailure,
    )
    await runner.run(await ask(world, 'layer-1'))
    await deliverAll(world)
    expect(await world.events('layer-1', 'got.activity.failed')).toMatchObject([
      { input: { event: { activity: 'look', code: 'look.absent', message: 'nothing there' } } },
    ])
  })

  it('that takes longer than it may is aborted and tried again', async () => {
    let aborted = false
    const { world, runner } = withActivity((_, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      return new Promise(() => {})
    })
    const id = await ask(world, 'layer-1', { timeoutMs: 20 })
    await runner.run(id)
    expect(aborted).toBe(true)
    expect((await world.store.backlog()).activities).toBe(1)
    world.clock.turn(501)
    expect(await world.store.claimActivity(id, 0)).toMatchObject({ attempt: 2 })
  })

  it('whose claim was lost meanwhile is refused its result: that of the claim that holds counts', async () => {
    const release = new Map<number, () => void>()
    const { world, runner, other } = withActivity(async (_, { actorId, attempt }) => {
      await new Promise<void>((resolve) => release.set(attempt, resolve))
      return [{ to: actorId, type: 'seen', body: { n: attempt } }]
    })
    const id = await ask(world, 'layer-1')
    const stalled = runner.run(id)
    await until('it runs', () => release.has(1))
    world.clock.turn(60_000)
    const second = other.run(id)
    await until('it runs elsewhere', () => release.has(2))
    release.get(1)?.()
    await stalled
    expect(await world.store.backlog()).toMatchObject({ activities: 1, messages: 0 })
    release.get(2)?.()
    await second
    await deliverAll(world)
    expect(await world.events('layer-1', 'got.seen')).toMatchObject([{ data: { n: 2 } }])
  })

  it('holds its claim while it runs, and no longer than a lease when its worker dies', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const release: (() => void)[] = []
    const { world, runner } = withActivity(async () => {
      await new Promise<void>((resolve) => release.push(resolve))
      return []
    })
    const id = await ask(world, 'layer-1', { timeoutMs: 3_600_000 })
    const running = runner.run(id)
    await until('it runs', () => release.length === 1)
    for (let passed = 0; passed < 30_000; passed += 1_500) {
      world.clock.turn(1_500)
      expect(await world.store.claimActivity(id, 0)).toBe(null)
      await vi.advanceTimersByTimeAsync(1_500)
    }
    world.clock.turn(5_001)
    expect(await world.store.claimActivity(id, 0)).toMatchObject({ attempt: 2 })
    release[0]?.()
    await running
  })

  it('is left to the next worker, at once, when its own stops', async () => {
    let attempts = 0
    const { world, runner, other } = withActivity((_, { actorId, attempt }) => {
      attempts = attempt
      return attempt === 1 ? new Promise(() => {}) : Promise.resolve(seen(actorId))
    })
    const id = await ask(world, 'layer-1')
    const running = runner.run(id)
    await until('it runs', () => attempts === 1)
    runner.abort()
    await running
    world.clock.turn(1)
    await other.run(id)
    expect((await world.store.backlog()).activities).toBe(0)
  })

  it('that no worker knows is let go of', async () => {
    const { world, runner } = withActivity(async () => [])
    const id = await ask(world, 'layer-1', { activity: 'unheard-of' })
    await expect(runner.run(id)).rejects.toMatchObject({ code: 'activity.unknown' })
    expect((await world.store.backlog()).activities).toBe(1)
  })
})

describe('an agent whose activities hang', () => {
  it('leaves places to the others, and its further ones follow when a place is free', async () => {
    const hanging = new Map<string, () => void>()
    const { world, runner } = withActivity(async (_, { actorId, key }) => {
      if (actorId === 'layer-1') await new Promise<void>((resolve) => hanging.set(key, resolve))
      return seen(actorId)
    })
    const ids: string[] = []
    for (let n = 0; n < 6; n++) ids.push(await ask(world, 'layer-1'))
    const running = ids.map((id) => runner.run(id))
    await until('four hang', () => hanging.size === 4)
    // The bells of those that must wait are answered: their places are free.
    await Promise.all(running.slice(4))
    await runner.run(await ask(world, 'layer-2'))
    expect((await world.store.backlog()).activities).toBe(6)

    hanging.get(ids[0]!)?.()
    await until('the fifth follows', () => hanging.has(ids[4]!))
    for (const id of ids) {
      await until(`${id} hangs`, () => hanging.has(id))
      hanging.get(id)?.()
    }
    await Promise.all(running)
    expect((await world.store.backlog()).activities).toBe(0)
  })
})
