import type { ActorEvent } from '@esa/actor'
import { refusalIn, timeline, type IncidentCommand } from '@esa/escalation'
import { type Category, EsaError, parseDuration, textOf } from '@esa/protocol'
import { brokenInvariants, World } from '@esa/simulator'
import { expect, it } from 'vitest'
import { projectOrg } from './project-org.ts'

const org = projectOrg()

/** What a story has in its hands: a world of its own, and words for what happens in it. */
export interface Stage {
  world: World
  /** Opens an incident (or counts a duplicate) and gives its id. */
  open: (agent: string, category: Category, dedupKey?: string) => Promise<string>
  /** Lets a duration pass and one ms more: T itself still belongs to an answer. */
  after: (duration: string) => Promise<void>
  /** Moves to an instant after the story began (a duration or ms, and `ms` more); a timer of that very instant waits. */
  at: (instant: string | number, ms?: number) => Promise<void>
  /** Gives a command; answers `obeyed` or the code of its refusal. */
  command: (id: string, command: IncidentCommand) => Promise<string>
  /** Who got a notice since the last call. */
  told: () => string[]
  /** Other notices since the last call, as `copy chief-1` or `taken layer-3`. */
  others: () => string[]
  /** How many alarms were raised since the last call. */
  alarms: () => number
  /** The whole timeline as `ms type level`, the level where there is one. */
  timeline: (id: string) => Promise<string[]>
  /** The last event of a type. */
  last: (id: string, type: string) => Promise<ActorEvent>
}

/** A test on a virtual clock. It ends with every invariant, replay and hash chain of each incident it opened. */
export function story(title: string, tell: (stage: Stage) => Promise<void>, timeoutMs = 5_000): void {
  it(
    // oxlint-disable-next-line vitest/valid-title -- each story brings its own
    title,
    async () => {
      const world = new World({ directory: org })
      const opened = new Set<string>()
      await tell(stageOf(world, opened))
      expect(opened.size).toBeGreaterThan(0)
      for (const id of opened) expect(brokenInvariants(await world.history(id))).toEqual([])
    },
    timeoutMs,
  )
}

function stageOf(world: World, opened: Set<string>): Stage {
  const since = { told: 0, others: 0, alarms: 0 }
  const fresh = (about: keyof typeof since) =>
    world.requests.slice(since[about], (since[about] = world.requests.length))
  return {
    world,
    open: async (agent, category, dedupKey) => {
      const key = dedupKey === undefined ? {} : { dedupKey }
      const { state } = await world.open({ agent, category, title: 'a story', ...key })
      opened.add(state.id)
      return state.id
    },
    after: (duration) => world.advance(msOf(duration) + 1),
    at: (instant, ms = 0) => world.moveTo((typeof instant === 'number' ? instant : msOf(instant)) + ms),
    command: async (id, command) => refusalIn(await world.command(id, command))?.code ?? 'obeyed',
    told: () =>
      noticesOf(fresh('told')).flatMap(({ notice, target }) => (notice === 'notice' ? [target] : [])),
    others: () =>
      noticesOf(fresh('others')).flatMap(({ notice, target }) =>
        notice === 'notice' ? [] : [`${notice} ${target}`],
      ),
    alarms: () => fresh('alarms').filter(({ activity }) => activity === 'alarm').length,
    timeline: async (id) =>
      timeline((await world.history(id)).events).map(({ sinceMs, type, level }) =>
        [sinceMs, type.replace('incident.', ''), level ?? ''].join(' ').trim(),
      ),
    last: async (id, type) => {
      const event = (await world.history(id)).events.findLast((one) => one.type === type)
      if (event !== undefined) return event
      throw new EsaError('test.no-event', 'bug', `${id} has no event ${type}`)
    },
  }
}

function noticesOf(requests: World['requests']): { notice: string; target: string }[] {
  return requests
    .filter(({ activity }) => activity === 'notice.deliver')
    .map(({ input }) => ({
      notice: textOf(input['notice']).replace('incident.', ''),
      target: textOf(input['target']),
    }))
}

function msOf(duration: string): number {
  const ms = parseDuration(duration)
  if (ms === undefined) throw new EsaError('test.duration', 'bug', `"${duration}" is not a duration`)
  return ms
}
