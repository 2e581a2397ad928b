import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { requireOrg } from '../load-org.ts'
import { answer } from '../output.ts'
import { readText } from '../read-text.ts'
import { formatSimulation, runSimulate, type SimulateArgs } from './simulate.ts'

/** Options of `esa simulate`, as commander gives them. */
export type SimulateFlags = Omit<SimulateArgs, 'agent'> & {
  soak?: boolean
  seeds?: string
  minutes?: string
}

/** Escalates on a virtual clock; nothing is stored and no one is notified. */
export async function simulateLadder(
  config: Config,
  agent: string | undefined,
  flags: SimulateFlags,
): Promise<void> {
  if (flags.soak === true) {
    if (agent !== undefined) {
      throw new EsaError('usage.soak', 'terminal', '--soak takes no AGENT', { hint: 'it draws its own' })
    }
    return (await import('./run-soak.ts')).soakOrganization(config, flags)
  }
  const directory = await requireOrg(config.agents)
  const io = { directory, timeScale: config.timeScale, readFile: readText }
  const result = await runSimulate({ ...flags, ...(agent === undefined ? {} : { agent }) }, io)
  answer(config, result, () => [result].flat().map(formatSimulation).join('\n\n'))
}
