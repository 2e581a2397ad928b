import { setTimeout as pause } from 'node:timers/promises'
import type { ActorState } from '@esa/actor'
import { incidentContext } from '@esa/escalation'
import type { Driver } from './driver.ts'

/** Between two looks at an incident, ms. */
const LOOK_EVERY_MS = 200

/** An incident that does not move for so long is stuck, whatever was done to it, ms. */
const STUCK_MS = 90_000

/** What becomes of an incident, from its opening to its end. */
export type Life = (driver: Driver, agent: string, random: () => number) => Promise<void>

/** Lives by name: every way of the table "States, commands" is in one of them. */
export const LIVES: Record<string, Life> = {
  'no one cares': async (driver, agent) => {
    const { id } = await driver.open(agent, 'integration', 'no one cares')
    await untilIs(driver, id, ({ status }) => status === 'exhausted')
    await driver.command(id, { type: 'resolve', as: 'operator', cause: 'found at last' })
  },
  'taken in time': async (driver, agent, random) => {
    const opened = await driver.open(agent, 'integration', 'taken in time')
    await pause(left(opened) * random())
    await driver.command(opened.id, { type: 'acknowledge', as: incidentContext(opened).addressees[0]! })
    await pause(1_000 * random())
    await driver.command(opened.id, { type: 'resolve', as: 'operator', cause: 'done' })
  },
  'taken at the deadline': async (driver, agent, random) => {
    const opened = await driver.open(agent, 'performance', 'taken at the deadline')
    await pause(left(opened) + Math.round(6 * random()) - 3)
    await driver.command(opened.id, { type: 'acknowledge', as: incidentContext(opened).addressees[0]! })
    await driver.openAgain(opened.id, agent, 'performance')
    await driver.command(opened.id, { type: 'withdraw', as: agent })
  },
  'taken and forgotten': async (driver, agent, random) => {
    const { id } = await driver.open(agent, 'architecture', 'taken and forgotten')
    await driver.command(id, { type: 'acknowledge', as: 'operator', forMs: 800 + Math.round(800 * random()) })
    await untilIs(driver, id, (state) => state.status === 'triggered' && incidentContext(state).index === 1)
    await driver.command(id, { type: 'resolve', as: 'agent-0', cause: 'the CEO did it' })
  },
  'declined by all': async (driver, agent) => {
    const opened = await driver.open(agent, 'integration', 'declined by all')
    for (const as of incidentContext(opened).addressees)
      await driver.command(opened.id, { type: 'decline', as, reason: 'not mine' })
    await driver.openAgain(opened.id, agent, 'data-loss')
    await untilIs(driver, opened.id, (state) => incidentContext(state).notificationRound > 3)
    await driver.command(opened.id, { type: 'resolve', as: 'operator', cause: 'restored' })
  },
  'put off': async (driver, agent, random) => {
    const { id } = await driver.open(agent, 'blocker', 'put off')
    await driver.command(id, { type: 'snooze', as: 'operator', forMs: 500 + Math.round(1_000 * random()) })
    await untilIs(driver, id, ({ status }) => status === 'triggered')
    await driver.command(id, { type: 'suppress', as: 'operator', forMs: 500 + Math.round(1_000 * random()) })
    await untilIs(driver, id, ({ status }) => status === 'triggered')
    await untilIs(driver, id, (state) => incidentContext(state).index === 1)
    await driver.command(id, { type: 'resolve', as: 'operator', cause: 'done' })
  },
  'pushed up': async (driver, agent) => {
    const opened = await driver.open(agent, 'coordination', 'pushed up')
    const { epoch } = opened
    await driver.command(opened.id, { type: 'escalate', as: agent, epoch })
    await driver.command(opened.id, { type: 'escalate', as: agent, epoch })
    await driver.command(opened.id, { type: 'raise', as: agent })
    await untilIs(driver, opened.id, ({ status }) => status === 'exhausted')
    await driver.command(opened.id, { type: 'acknowledge', as: 'agent-0' })
    await driver.command(opened.id, { type: 'resolve', as: 'agent-0', cause: 'done' })
  },
  'data loss': async (driver, agent, random) => {
    const opened = await driver.open(agent, 'data-loss', 'data loss')
    await pause(left(opened) * random())
    await driver.command(opened.id, { type: 'suppress', as: 'operator', forMs: 1_000 })
    await driver.command(opened.id, { type: 'resolve', as: 'agent-0', cause: 'restored' })
  },
}

/** Waits until an incident has come so far by itself. @throws Error when it is stuck. */
export async function untilIs(
  driver: Driver,
  id: string,
  isThere: (state: ActorState) => boolean,
): Promise<ActorState> {
  const giveUpAt = performance.now() + STUCK_MS
  for (;;) {
    const state = await driver.look(id)
    if (isThere(state)) return state
    if (performance.now() > giveUpAt)
      throw new Error(`stuck: incident ${id} is ${state.status} since ${new Date(state.at).toISOString()}`)
    await pause(LOOK_EVERY_MS)
  }
}

/** To the deadline, ms. The store runs on this machine. */
function left({ timer }: ActorState): number {
  return Math.max(0, (timer?.dueAt ?? 0) - Date.now())
}
