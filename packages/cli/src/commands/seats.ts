import { resumeAgent as resume, seatAgent as seatOne, seatOf, stopAgent as stop } from '@esa/operations'
import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { inWorld } from '../world.ts'

/** The caller's choice of the three. */
export interface SeatFlags {
  human?: boolean
  builtIn?: boolean
  show?: boolean
}

/** Gives an agent's seat to a person or back to its playbook, or shows who sits there. @throws EsaError `usage.seat`, `agent.unknown`, `agent.stopped` (terminal). */
export async function seatAgent(config: Config, agent: string, flags: SeatFlags): Promise<void> {
  const { human = false, builtIn = false, show = false } = flags
  if ([human, builtIn, show].filter(Boolean).length !== 1) {
    throw new EsaError('usage.seat', 'terminal', 'say one of --human, --built-in and --show', {
      hint: `esa agents seat ${agent} --human`,
    })
  }
  await inWorld(
    config,
    async (world) => {
      const seat = show
        ? await seatOf(world, agent)
        : await seatOne(world, agent, human ? 'human' : 'built-in')
      answer(config, { agent, seat }, () =>
        seat === 'human' ? `${agent}: a person sits here` : `${agent}: the built-in playbook sits here`,
      )
    },
    show,
  )
}

/** Stops an agent; every open incident that waits for it or is held by it learns so at once. */
export async function stopAgent(config: Config, agent: string): Promise<void> {
  await inWorld(config, async (world) => {
    const incidents = await stop(world, agent)
    answer(config, { agent, status: 'stopped', incidents }, () => {
      const told =
        incidents.length === 0 ? 'no open incident waits for it' : `notified: ${incidents.join(', ')}`
      return `${agent} is stopped; ${told}`
    })
  })
}

/** Lets a stopped agent work again; a working one just goes on. */
export async function resumeAgent(config: Config, agent: string): Promise<void> {
  await inWorld(config, async (world) => {
    await resume(world, agent)
    answer(config, { agent, status: 'working' }, () => `${agent} works`)
  })
}
