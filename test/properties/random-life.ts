import { incidentContext, type IncidentCommand } from '@esa/escalation'
import { CATEGORIES, type Category } from '@esa/protocol'
import type { World } from '@esa/simulator'
import * as fc from 'fast-check'

const MIN = 60_000
const HOUR = 60 * MIN

/** Who acts in a random life: everyone on layer-1's ladders, the opener, a stranger, an operator. */
const ACTORS = [
  'layer-1',
  'layer-2',
  'layer-3',
  'domain-1',
  'chief-1',
  'agent-0',
  'ops-63',
  'layer-14',
  'operator',
]

/** Durations at the limits and past them. */
const HOLDS = [1, 10 * MIN, 2 * HOUR, 4 * HOUR, 4 * HOUR + 1, 24 * HOUR, 24 * HOUR + 1]

const PASS = {
  wait: (world: World, ms: number) => world.advance(ms),
  outage: (world: World, ms: number) => world.outage(ms),
  freeze: (world: World, ms: number) => world.freeze(ms),
}

/** When something happens: aimed at the deadline T, after a while, or after an outage that spans several deadlines. */
type When = { kind: 'deadline'; plusMs: number } | { kind: 'wait' | 'outage' | 'freeze'; ms: number }

/** What happens. An epoch or a visit is given as a distance from the current one. */
type What =
  | { kind: 'command'; command: IncidentCommand; epochPlus?: number | undefined }
  | { kind: 'open'; category: Category }
  | {
      kind: 'notice'
      fact: 'notice.sent' | 'notice.failed' | 'notice.dropped'
      target: string
      visitPlus: number
    }
  | { kind: 'stop'; agent: string }
  | { kind: 'ring' }
  | { kind: 'end-silence' }

/** One random life of an incident of layer-1. `silenceMs` is how much longer a silence lasts under which it opens. */
export interface Life {
  category: Category
  silenceMs: number | null
  moments: { when: When; what: What }[]
}

/** Means the first addressee of the round at that time. */
const ADDRESSEE = 'addressee'

// An operator may do everything and an addressee most of it, so that most commands reach what a state allows.
const actor = fc.oneof(fc.constant('operator'), fc.constant(ADDRESSEE), fc.constantFrom(...ACTORS))
const agent = fc.constantFrom(...ACTORS.filter((id) => id !== 'operator'))
const forMs = fc.constantFrom(...HOLDS)

const when: fc.Arbitrary<When> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('deadline' as const), plusMs: fc.constantFrom(-1, 0, 1, 2) }),
  },
  // Often nearly at once, so that one command finds the state that another has made.
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: MIN }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 3 * HOUR }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('outage' as const), ms: fc.nat({ max: 30 * HOUR }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('freeze' as const), ms: fc.nat({ max: 30 * HOUR }) }),
  },
)

const command: fc.Arbitrary<What> = fc
  .oneof<fc.Arbitrary<IncidentCommand>[]>(
    fc.record({ type: fc.constant('acknowledge' as const), as: actor, forMs }),
    fc.record({ type: fc.constant('acknowledge' as const), as: actor }),
    fc.record({ type: fc.constant('decline' as const), as: actor, reason: fc.constant('no') }),
    fc.record({ type: fc.constant('snooze' as const), as: actor, forMs }),
    fc.record({ type: fc.constant('suppress' as const), as: actor, forMs }),
    fc.record({ type: fc.constant('unsuppress' as const), as: actor }),
    fc.record({ type: fc.constant('escalate' as const), as: actor }),
    fc.record({ type: fc.constant('reassign' as const), as: actor, to: agent }),
    fc.record({ type: fc.constant('raise' as const), as: actor }),
  )
  .chain((command) =>
    fc
      .option(fc.constantFrom(-1, 0, 1), { nil: undefined })
      .map((epochPlus) => ({ kind: 'command', command, epochPlus })),
  )

const end: fc.Arbitrary<What> = fc
  .oneof<fc.Arbitrary<IncidentCommand>[]>(
    fc.record({ type: fc.constant('resolve' as const), as: actor, cause: fc.constant('done') }),
    fc.record({ type: fc.constant('withdraw' as const), as: actor }),
  )
  .map((command) => ({ kind: 'command', command }))

const what: fc.Arbitrary<What> = fc.oneof(
  { weight: 12, arbitrary: command },
  { weight: 1, arbitrary: end },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('open' as const),
      category: fc.constantFrom('integration', 'data-loss'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('notice' as const),
      fact: fc.constantFrom('notice.sent', 'notice.failed', 'notice.failed', 'notice.dropped'),
      target: agent,
      visitPlus: fc.constantFrom(0, 0, 0, -1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), agent }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ring' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end-silence' as const) }) },
)

/** Random lives, from a silent one to a busy one. */
export const lives: fc.Arbitrary<Life> = fc.record({
  category: fc.constantFrom(...CATEGORIES),
  silenceMs: fc.option(fc.integer({ min: 1, max: 24 * HOUR }), { freq: 4 }),
  moments: fc.array(fc.record({ when, what }), { maxLength: 24 }),
})

/** Lives one life in a world; gives the incident's id. */
export async function live(world: World, { category, silenceMs, moments }: Life): Promise<string> {
  const silence = silenceMs === null ? null : await world.silence({ agent: 'layer-1' }, silenceMs)
  const opening = { agent: 'layer-1', category, title: 'a random life', dedupKey: 'life' }
  const { state } = await world.open(opening)
  for (const { when, what } of moments) {
    await pass(world, state.id, when)
    if (what.kind === 'end-silence') await endSilence(world, silence)
    else await happen(world, state.id, what, (category) => world.open({ ...opening, category }))
  }
  return state.id
}

async function pass(world: World, id: string, when: When): Promise<void> {
  if (when.kind !== 'deadline') return PASS[when.kind](world, when.ms)
  const { deadlineAt, nowAt } = await world.incident(id)
  if (deadlineAt === null) return
  const toDeadlineMs = Date.parse(deadlineAt) - Date.parse(nowAt)
  await world.moveTo(world.nowMs + Math.max(0, toDeadlineMs + when.plusMs))
}

async function endSilence(world: World, silence: string | null): Promise<void> {
  if (silence !== null) await world.tell(silence, { type: 'end', as: 'operator' })
}

async function happen(
  world: World,
  id: string,
  what: Exclude<What, { kind: 'end-silence' }>,
  open: (category: Category) => Promise<unknown>,
): Promise<void> {
  const { row } = await world.history(id)
  if (what.kind === 'ring') await world.ring(id)
  // A key that its incident's end has freed would open a second incident, unknown to this life.
  else if (what.kind === 'open') await (row.state.live ? open(what.category) : undefined)
  else if (what.kind === 'stop') {
    await world.stop(what.agent)
    await world.tell(id, { type: 'agent.stopped', agent: what.agent })
  } else if (what.kind === 'notice') {
    const visit = incidentContext(row.state).notificationRound + what.visitPlus
    await world.tell(id, { type: what.fact, target: what.target, visit, why: 'chance' })
  } else {
    const { addressees } = await world.incident(id)
    const { epochPlus } = what
    const as = what.command.as === ADDRESSEE ? (addressees[0] ?? 'operator') : what.command.as
    const command = { ...what.command, as }
    const fenced = command.type === 'escalate' && epochPlus !== undefined
    await world.command(
      id,
      fenced ? { ...command, epoch: Math.max(0, row.state.epoch + epochPlus) } : command,
    )
  }
}
