import { dropDatabase, embeddedServerStatus, stopEmbeddedServer, stopSandbox } from '@esa/pg-server'
import { verifyStream } from '@esa/operations/views'
import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { answer, EXIT, note, Progress } from '@esa/cli/plugin-kit'

import {
  breachStory,
  chiefStory,
  dataLossStory,
  integrationStory,
  silentDomainStory,
  type Stage,
} from './demo-story.ts'
import { type DemoWorker, startDemoWorker } from './demo-worker.ts'
import { DemoWorld } from './demo-world.ts'
import { seedShop } from './shop.ts'

/** Divides the waits of the demo: 30 min become 5 s, 1 h becomes 10 s, 2 h become 20 s. */
const DEMO_TIME_SCALE = 360

/** Orders of the sample shop. */
const ORDERS = 200_000

/**
 * The main job, from nothing to resolved incidents: a database that is really slow, a ladder that is really climbed, a
 * worker that is really killed. Ends by itself; a Ctrl-C cleans up. @throws EsaError `demo.*`, or what its parts throw.
 */
export async function runDemo(given: Config, environment: NodeJS.ProcessEnv, keep: boolean): Promise<void> {
  const config = given.timeScale === 1 ? { ...given, timeScale: DEMO_TIME_SCALE } : given
  const interrupt = new AbortController()
  const onSignal = (): void =>
    interrupt.abort(
      new EsaError('demo.interrupted', 'terminal', 'interrupted; everything the demo started is stopped'),
    )
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  const before = config.databaseUrl === null ? await embeddedServerStatus({ home: config.home }) : null
  const cleanUp: (() => Promise<unknown>)[] = []
  if (before !== null && before.state !== 'running' && !keep)
    cleanUp.push(() => stopEmbeddedServer({ home: config.home }))
  if (!keep) cleanUp.push(() => stopSandbox({ home: config.home, remove: true }))
  try {
    await perform(config, environment, interrupt.signal, cleanUp, keep)
  } catch (error) {
    if (!interrupt.signal.aborted) throw error
    note('interrupted: cleaning up')
    process.exitCode = EXIT.interrupted
  } finally {
    for (const undo of cleanUp.toReversed()) await undo()
    process.removeListener('SIGINT', onSignal)
    process.removeListener('SIGTERM', onSignal)
  }
}

async function perform(
  config: Config,
  environment: NodeJS.ProcessEnv,
  interrupted: AbortSignal,
  cleanUp: (() => Promise<unknown>)[],
  keep: boolean,
): Promise<void> {
  const progress = new Progress()
  progress.step('PostgreSQL 18, the runtime’s schema and the organization')
  const demo = await DemoWorld.open(config, interrupted)
  cleanUp.push(() => demo.close())
  const { version } = (
    await demo.shop.query<{ version: string }>(`select current_setting('server_version') as version`)
  ).rows[0]!
  progress.detail(
    `PostgreSQL ${version}, ${demo.world.directory.all().length} agents, queues on ${config.redisUrl === null ? 'PostgreSQL' : 'Redis'}, waits divided by ${config.timeScale}`,
  )
  if (!keep) cleanUp.push(() => dropShop(demo))
  await demo.withdrawLeftovers()
  await seed(demo, progress)
  interrupted.throwIfAborted()

  progress.step('A worker process')
  let worker = await startDemoWorker(config, environment, demo.world.databaseUrl)
  if (!keep) cleanUp.push(() => worker.stop())
  progress.detail(`worker ${worker.pid}, ready in ${worker.readyMs} ms`)
  await demo.command('domain-1', { type: 'seat', seat: 'human' })
  cleanUp.push(
    () => demo.command('domain-1', { type: 'seat', seat: 'built-in' }),
    () => demo.withdrawLeftovers(),
  )
  const replaceWorker = async (): Promise<{ killed: number; worker: DemoWorker }> => {
    const killed = worker.pid
    await worker.kill()
    worker = await startDemoWorker(config, environment, demo.world.databaseUrl)
    return { killed, worker }
  }

  const stage: Stage = { demo, progress, replaceWorker }
  const integration = await integrationStory(stage)
  const dataLoss = await dataLossStory(stage)
  const breach = await breachStory(stage)
  await silentDomainStory(stage, breach)
  await chiefStory(stage, breach)
  await report(demo, [integration, dataLoss, breach], progress)
  if (keep) {
    note(
      `left running: worker ${worker.pid} and the database (${demo.config.home}). Look around: esa status; esa incidents ls. Stop: kill ${worker.pid}; esa down`,
    )
    worker.release()
  }
}

async function seed(demo: DemoWorld, progress: Progress): Promise<void> {
  progress.step('A sample shop with a missing index')
  let bar: ReturnType<Progress['bar']> | null = null
  const size = await seedShop(demo.shop, {
    orders: ORDERS,
    onProgress: ({ done, total, table }) => {
      bar ??= progress.bar('rows', total)
      bar.update(done)
      if (table === '' || done >= total) bar.stop()
    },
  })
  progress.detail(
    `${size.customers} customers, ${size.orders} orders, ${size.orderItems} order items; orders.customer_id has no index`,
  )
}

async function dropShop(demo: DemoWorld): Promise<void> {
  await dropDatabase(await demo.config.runtime.ownerUrl(demo.config), new URL(demo.shopUrl).pathname.slice(1))
}

/** Prints the timelines, and proves them: replayed, and their hash chains walked. */
async function report(demo: DemoWorld, ids: string[], progress: Progress): Promise<void> {
  const { config } = demo
  const { store, registry, directory } = demo.world
  const cardFile = directory.get('layer-1')?.card?.file ?? null
  const told = await Promise.all(
    ids.map(async (id) => {
      const [actor, events, incident] = await Promise.all([
        store.readActor(id),
        store.readStream(id),
        demo.view(id),
      ])
      if (actor === null) throw new EsaError('incident.unknown', 'bug', `incident ${id} is gone`)
      return { incident, events, check: verifyStream(registry, actor, events) }
    }),
  )
  const failed = told.filter(({ check }) => check.replay !== 'identical' || check.chain !== 'unbroken')
  const late = told.flatMap(({ events }) =>
    events.flatMap(({ lateMs }) => (lateMs === undefined ? [] : [lateMs])),
  )
  const real =
    'Real: PostgreSQL, the shop’s rows, every timing and plan, the index, BullMQ, the worker processes and the kill.'
  const scaled =
    `Scaled: the waits, divided by ${config.timeScale} (${30 * 60}  s became ${((30 * 60) / config.timeScale).toFixed(1)} s).`.replace(
      '  ',
      ' ',
    )
  const timelines = await Promise.all(
    told.map(({ incident, events }) => config.runtime.timelineText(incident, events, cardFile)),
  )
  const document = {
    seconds: Number(progress.seconds.toFixed(1)),
    timeScale: config.timeScale,
    queues: config.redisUrl === null ? 'postgresql' : 'redis',
    maxLateMs: Math.max(0, ...late),
    incidents: told.map(({ incident, check }) => ({ ...incident, verified: check })),
  }
  answer(config, document, () =>
    [
      ...timelines.flatMap((text) => ['', text]),
      '',
      `verified: ${told.length - failed.length} of ${told.length} timelines replay to the same events and state, hash chains unbroken; latest deadline served ${Math.max(0, ...late)} ms after it`,
      `${real} ${scaled}`,
      `done in ${progress.seconds.toFixed(1)} s`,
    ].join('\n'),
  )
  if (failed.length > 0)
    throw new EsaError('demo.diverged', 'bug', 'a timeline does not verify', {
      details: { failed: failed.map(({ check }) => check) },
    })
}
