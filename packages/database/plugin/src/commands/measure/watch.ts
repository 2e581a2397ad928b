import { EsaError, formatDuration } from '@esa/protocol'
import type { AgentContext } from '@esa/behavior'
import { isServed, tellAgent } from '@esa/operations'
import type { Config } from '../../config.ts'
import { answer, durationFlag, note } from '@esa/cli/plugin-kit'
import { resolveTarget } from '../../targets/targets.ts'
import { inWorld, type World } from '../../runtime.ts'

/** Options of `esa db watch`. */
export interface WatchFlags {
  target?: string
  every?: string
  stop?: boolean
  live?: boolean
}

/** Who watches databases. */
const WATCHER = 'layer-1'

/** Shortest pause between two looks, ms: one measurement samples for 5 s. */
const EVERY_MIN_MS = 10_000

/** Has Layer 1 measure a target again and again, by the running worker, or ends that; `live` follows what it measures. @throws EsaError `usage.watch`, `target.unknown`, `agent.stopped` (terminal). */
export async function watchTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target, every, stop = false, live = false }: WatchFlags,
): Promise<void> {
  if (live) {
    await requireName(config, environment, target)
    if (every !== undefined || stop) await setWatch(config, environment, { target, every, stop })
    return (await import('./watch-live.ts')).followTarget(config, target ?? '')
  }
  await setWatch(config, environment, { target, every, stop })
}

async function setWatch(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target, every, stop }: { target: string | undefined; every: string | undefined; stop: boolean },
): Promise<void> {
  const everyMs = pauseOf(every, stop)
  if (!stop) await requireName(config, environment, target)
  await inWorld(config, async (world) => {
    const watched = target ?? (await watchedBy(world)) ?? ''
    const event = { type: 'watch', target: watched, everyMs }
    await tellAgent(world, WATCHER, event, 'watch.set')
    if (!stop && !(await isServed(world.store))) note('no worker is running; the watch begins with: esa up')
    answer(config, { agent: WATCHER, target: watched, everyMs }, () =>
      everyMs === null
        ? `${WATCHER} watches nothing`
        : `${WATCHER} measures ${watched} every ${formatDuration(everyMs)}`,
    )
  })
}

function pauseOf(every: string | undefined, stop: boolean): number | null {
  if (stop === (every !== undefined)) {
    throw new EsaError('usage.watch', 'terminal', 'say either --every or --stop', {
      hint: 'esa db watch --target NAME --every 60s',
    })
  }
  if (every === undefined) return null
  const ms = durationFlag('--every', every)
  if (ms >= EVERY_MIN_MS) return ms
  throw new EsaError('usage.watch', 'terminal', `--every ${every} is shorter than 10 s`, {
    hint: 'one look takes some seconds',
  })
}

/** Only a name travels in messages and is in the log, never a URL. */
async function requireName(
  config: Config,
  environment: NodeJS.ProcessEnv,
  target: string | undefined,
): Promise<void> {
  if (target === undefined || target.includes('://')) {
    throw new EsaError('usage.watch', 'terminal', 'a watch takes --target with a name', {
      hint: 'give it one with: esa targets add NAME URL',
    })
  }
  await resolveTarget(config, target, environment)
}

async function watchedBy({ store }: World): Promise<string | null> {
  const actor = await store.readActor(WATCHER)
  if (actor === null) return null
  const { context }: { context: unknown } = actor.state.snapshot
  const { target } = (context as AgentContext).memory
  return typeof target === 'string' ? target : null
}
