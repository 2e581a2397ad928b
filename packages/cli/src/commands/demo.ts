import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { cliConfig } from '../runtime-door.ts'

/** Plays the demo of the first plugin that has one. @throws EsaError `demo.none` (terminal), or what the demo throws. */
export async function demo(config: Config, environment: NodeJS.ProcessEnv, keep: boolean): Promise<void> {
  const plugin = config.project.plugins.find((one) => one.demo !== undefined)
  if (plugin !== undefined) return await plugin.demo!(cliConfig(config), environment, keep)
  throw new EsaError('demo.none', 'terminal', 'no plugin of esa.config.ts has a demo', {
    hint: 'add one to "plugins"',
  })
}
