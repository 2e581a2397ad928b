import { join } from 'node:path'
import type { CliConfig, RuntimeDoor } from '@esa/operations/plugin'
import type { Config } from './config.ts'
import { PROJECT_ROOT } from './project-root.ts'

/** What plugins reach of this runtime; each part is loaded when it is called. */
const door: RuntimeDoor = {
  inWorld: async (config, work, looks) => (await import('./world.ts')).inWorld(whole(config), work, looks),
  lookInStore: async (config, work) => (await import('./store-access.ts')).lookInStore(whole(config), work),
  inStoreIfThere: async (config, work) =>
    (await import('./store-access.ts')).inStoreIfThere(whole(config), work),
  openWorld: async (config) => (await import('./world.ts')).openWorld(whole(config)),
  organization: async (config) => (await import('./load-org.ts')).requireOrg(whole(config).agents),
  ownerUrl: async (config) => (await import('./store-access.ts')).resolveOwner(whole(config)),
  launcher: join(PROJECT_ROOT, 'bin', 'esa'),
  incidentText: async (incident) => (await import('./commands/show-incidents.ts')).describeIncident(incident),
  timelineText: async (incident, events, cardFile) => {
    const { timelineText, timelineTitle } = await import('./timeline-text.ts')
    return [timelineTitle(incident), timelineText(events, cardFile)].join('\n')
  },
}

/** The configuration as plugins get it. */
export function cliConfig(config: Config): CliConfig {
  return { ...config, configFile: config.project.file, runtime: door }
}

/** A plugin hands back what it was given, changed at most: all of it is still there. */
function whole(config: CliConfig): Config {
  return config as CliConfig & Config
}
