import { join } from 'node:path'
import { EsaError, type Json } from '@esa/protocol'
import type { Databases, ServerTools, TargetDocument } from '@esa/server'
import type { Config } from './config.ts'
import { onTarget } from './on-target.ts'
import { PROJECT_ROOT } from './project-root.ts'
import { surroundingsOf } from './surroundings.ts'
import { readText } from './read-text.ts'
import { describeTarget, isTargetName, readTargets } from './targets.ts'
import { workerLooks } from './worker-looks.ts'
import type { World } from './world.ts'

/** What the server may use of rooms that it does not know; each by the same code as the command of its name. */
export function serverTools(config: Config, environment: NodeJS.ProcessEnv, world: World): ServerTools {
  return {
    surroundings: () => surroundingsOf(config, world.databaseUrl),
    // What a server needs when it is asked is loaded then: it is ready before.
    async simulate(scenario) {
      const { parseScenario, simulate } = await import('@esa/simulator')
      return await simulate(parseScenario(scenario), world)
    },
    databases: databases(config, environment, world),
    // Files of this checkout are named from its root, others by their whole path.
    readCard: (file) => readText(join(file.startsWith('/') ? '' : PROJECT_ROOT, file)),
  }
}

function databases(config: Config, environment: NodeJS.ProcessEnv, world: World): Databases {
  const looks = workerLooks(config, environment)
  return {
    async targets() {
      return Object.entries(await readTargets(config)).map(
        ([name, { at, workload, timeoutMs, connections, quiet }]): TargetDocument => ({
          name,
          at: describeTarget(at),
          workload: workload !== undefined,
          timeoutMs: timeoutMs ?? null,
          connections: connections ?? null,
          quiet: quiet ?? null,
        }),
      )
    },
    async run(work, target, input) {
      requireName(target)
      const thresholds = plain(world.directory.get('layer-1')?.card?.metrics ?? [])
      const asked = { ...input, target, ...(work === 'measure' ? { thresholds } : {}) }
      return plain(await onTarget(config, environment, target, (open) => looks[work]!(open, asked)))
    },
    freeze(target) {
      requireName(target)
      return async (freeze) =>
        (await import('./set-freeze.ts')).setFreeze(config, environment, target)(freeze)
    },
  }
}

/** A request names what this home knows: a URL would let whoever holds a token reach any host that this machine can. */
function requireName(target: string): void {
  if (isTargetName(target)) return
  throw new EsaError('target.unknown', 'terminal', 'a request names a target of this home', {
    hint: 'list them with: esa targets ls',
  })
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
