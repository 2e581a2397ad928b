import type { Databases, TargetDocument, ToolPorts } from '@esa/operations/plugin'
import { EsaError, type Json } from '@esa/protocol'
import { workerLooks } from './activities/worker-looks.ts'
import { onTarget } from './targets/on-target.ts'
import { describeTarget, isTargetName, readTargets } from './targets/targets.ts'

/** What the HTTP API and MCP may do with the targets of a home; each by the same code as the command of its name. */
export function databases({ config, environment, world }: ToolPorts): Databases {
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
        (await import('./commands/authority/set-freeze.ts')).setFreeze(config, environment, target)(freeze)
    },
  }
}

/** A request names what this home knows: by a URL the holder of a token would reach any host that this machine can. */
function requireName(target: string): void {
  if (isTargetName(target)) return
  throw new EsaError('target.unknown', 'terminal', 'a request names a target of this home', {
    hint: 'list them with: esa targets ls',
  })
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}
