import type { Story, StoryMoment } from '@esa/escalation'
import { formatDuration } from '@esa/protocol'
import { agentName, agentNames, sentence } from '../agent-names.ts'
import { clockText } from '../durations.ts'
import type { Action } from './possible-actions.ts'

/** A command: in whose name, for how long, ms, and to whom, where the action has that. */
export interface Asked {
  as: string
  forMs: number | null
  to: string | null
}

/** What an action will do, in sentences to read before the click. Source: docs/escalation.md, "States and commands". */
export function consequences(
  action: Action,
  story: Story,
  moment: StoryMoment,
  { as, forMs, to, now }: Asked & { now: number },
): string[] {
  const { addressees, level, dueAt, status } = moment
  const { path } = story.policy
  const index = path.findIndex((step) => step.level === level)
  const rung = path[index]
  const next = path[index + 1]
  const told = agentNames(addressees)
  const ends = forMs === null ? '…' : clockText(now + forMs, now)
  const again =
    rung === undefined
      ? ''
      : `${sentence(agentNames(rung.agents))} ${verb(rung.agents, 'is', 'are')} notified again, with the full ${formatDuration(rung.waitMs)}`
  const stays = `${sentence(told)} ${verb(addressees, 'stays', 'stay')} notified`
  const climbs =
    next === undefined
      ? 'The CEO is notified once more; after that an alarm leaves the bus'
      : `${sentence(agentNames(next.agents))} ${verb(next.agents, 'is', 'are')} notified at once and ${verb(next.agents, 'has', 'have')} ${formatDuration(next.waitMs)}`
  switch (action) {
    case 'acknowledge':
      return [`Escalation pauses until ${ends}.`, `If it is still open at ${ends}: ${again}.`]
    case 'snooze':
      return [`${stays}; it is quiet until ${ends}.`, `If it is still open then: ${again}.`]
    case 'suppress':
      return [
        `${stays}; escalation pauses until ${ends}.`,
        `Then the ${formatDuration(left(dueAt, now))} that ${left(dueAt, now) === 1 ? 'is' : 'are'} left of the wait go on, and ${next === undefined ? 'the CEO' : agentNames(next.agents)} ${verb(next?.agents ?? ['one'], 'is', 'are')} notified if it is still open.`,
      ]
    case 'unsuppress':
      return moment.silenced
        ? [`It leaves its silence: ${again.replace(' again', '')}.`]
        : [
            `The ${formatDuration(moment.remainingMs ?? 0)} that were left of the wait go on from now, without a new notice.`,
            next === undefined
              ? ''
              : `${sentence(agentNames(next.agents))} ${verb(next.agents, 'is', 'are')} notified after that.`,
          ]
    case 'escalate':
      return [`It counts as a missed wait. ${climbs}.`, `${stays}.`]
    case 'decline':
      return [declining(as, moment, climbs)]
    case 'reassign':
      return [
        `${sentence(to === null ? '…' : agentName(to))} is notified at once; ${told} ${verb(addressees, 'learns', 'learn')} that it was taken.`,
        status === 'acknowledged'
          ? `The acknowledgement ends, and the full ${formatDuration(rung?.waitMs ?? 0)} run from now.`
          : `The deadline stays${dueAt === null ? '' : ` at ${clockText(dueAt, now)}`}.`,
      ]
    case 'raise':
      return [
        'It counts as data loss from now on: the CEO is notified at once, with the full wait.',
        'After that nothing may snooze or suppress it, and this cannot be taken back.',
      ]
    case 'resolve':
      return [
        'It ends here: every timer stops, and all who were notified learn that it is over.',
        'It cannot be opened again; the same fault opens a new incident.',
      ]
    case 'withdraw':
      return [
        'It ends here as opened by mistake, and counts in no figures.',
        'All who were notified learn that it is over.',
      ]
  }
}

/** Who declines for whom: the next tier is notified when none is left. */
function declining(as: string, { addressees, declined }: StoryMoment, climbs: string): string {
  if (as === 'operator') return `You decline for all agents of this level. ${climbs}.`
  const left = addressees.filter((agent) => agent !== as && !declined.includes(agent))
  const leaves = `${sentence(agentName(as))} declines`
  return left.length === 0
    ? `${leaves}, the last of this level. ${climbs}.`
    : `${leaves}; ${agentNames(left)} ${verb(left, 'is', 'are')} still notified, and the wait goes on.`
}

function left(dueAt: number | null, now: number): number {
  return dueAt === null ? 0 : Math.max(0, dueAt - now)
}

function verb(agents: readonly string[], one: string, many: string): string {
  return agents.length > 1 ? many : one
}
