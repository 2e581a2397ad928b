import { join } from 'node:path'
import type { ServerTools } from '@esa/server'
import type { Config } from './config.ts'
import { PROJECT_ROOT } from './project-root.ts'
import { surroundingsOf } from './surroundings.ts'
import { readText } from './read-text.ts'
import { cliConfig } from './runtime-door.ts'
import type { World } from './world.ts'

/** What the server may use of rooms that it does not know; each by the same code as the command of its name. */
export async function serverTools(
  config: Config,
  environment: NodeJS.ProcessEnv,
  world: World,
): Promise<ServerTools> {
  const ports = { config: cliConfig(config), environment, world }
  const tools = await Promise.all(config.project.plugins.map(async (plugin) => plugin.tools?.(ports)))
  return {
    surroundings: () => surroundingsOf(config, world.databaseUrl),
    // What a server needs for a request is loaded then, so that it is ready earlier.
    async simulate(scenario) {
      const { parseScenario, simulate } = await import('@esa/simulator')
      return await simulate(parseScenario(scenario), world)
    },
    databases: tools.find((one) => one?.databases !== undefined)?.databases ?? null,
    // Files of this checkout are named from its root, others by their whole path.
    readCard: (file) => readText(join(file.startsWith('/') ? '' : PROJECT_ROOT, file)),
  }
}
