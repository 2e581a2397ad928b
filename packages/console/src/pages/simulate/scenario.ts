import { parseDuration } from '@esa/protocol'

/** What may happen in a simulation beside the clock. */
export const MOMENT_TYPES = [
  'acknowledge',
  'decline',
  'resolve',
  'escalate',
  'raise',
  'stop',
  'notice-fails',
  'outage',
] as const
export type MomentType = (typeof MOMENT_TYPES)[number]

/** Something that happens in a simulation, as the form has it; `at` and `lasts` are durations as people write them. */
export interface Moment {
  id: number
  at: string
  type: MomentType
  /** Who acts, or whom it befalls. */
  who: string
  lasts: string
}

/** The form of a scenario. */
export interface ScenarioForm {
  agent: string
  category: string
  moments: readonly Moment[]
}

/** A scenario as the API takes it, or the field of the form that is not a duration. */
export function scenarioOf({ agent, category, moments }: ScenarioForm) {
  const problem = moments.map(problemOf).find((found) => found !== null)
  if (problem !== undefined && problem !== null) return { problem }
  const placed = moments.map((moment) => ({
    ...moment,
    atMs: msOf(moment.at) ?? 0,
    forMs: msOf(moment.lasts) ?? 0,
  }))
  return {
    scenario: {
      agent,
      category,
      commands: placed
        .filter(isCommand)
        .map(({ atMs, type, who }) => ({ atMs, type, as: who, ...saidOf(type) })),
      faults: placed
        .filter((moment) => !isCommand(moment))
        .map(({ atMs, type, who, forMs }) =>
          type === 'outage' ? { atMs, type, forMs } : { atMs, type, agent: who },
        ),
    },
  }
}

/** True for what takes an acting or affected agent. */
export function needsWho(type: MomentType): boolean {
  return type !== 'outage'
}

function isCommand({ type }: { type: MomentType }): boolean {
  return type !== 'outage' && type !== 'stop' && type !== 'notice-fails'
}

/** A decline or resolve takes a reason; in a simulation this one is enough. */
function saidOf(type: MomentType): object {
  if (type === 'decline') return { reason: 'simulated' }
  return type === 'resolve' ? { cause: 'simulated' } : {}
}

function problemOf({ at, type, lasts, who }: Moment): string | null {
  if (msOf(at) === undefined) return `"${at}" is not a duration: write it like 45 min or 2 h`
  if (type === 'outage' && msOf(lasts) === undefined)
    return `"${lasts}" is not a duration: write it like 45 min or 2 h`
  return needsWho(type) && who.trim() === '' ? `say who for ${type}` : null
}

function msOf(text: string): number | undefined {
  return text.trim() === '0' ? 0 : parseDuration(text)
}
