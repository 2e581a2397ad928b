import type { Incident } from '@esa/escalation'
import { listIncidents as list, requireIncident } from '@esa/operations'
import { formatDuration } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { lookInStore } from '../store-access.ts'

type Flags = Record<string, string | undefined>

/** Shows an incident. */
export async function showIncident(config: Config, id: string): Promise<void> {
  await lookInStore(config, async (store) => {
    const incident = await requireIncident(store, id)
    answer(config, incident, () => describeIncident(incident))
  })
}

/** Lists incidents, newest first. */
export async function listIncidents(config: Config, { open, level }: Flags): Promise<void> {
  await lookInStore(config, async (store) => {
    const filter = { open: open !== undefined, ...(level === undefined ? {} : { level }) }
    const incidents = await list(store, filter)
    answer(config, { incidents }, () => (incidents.length === 0 ? 'no incidents' : table(incidents)))
  })
}

/** An incident for people: what, its state, who was notified, and its levels. */
export function describeIncident(incident: Incident): string {
  const left =
    incident.deadlineAt === null
      ? ''
      : `, ${incident.timerKind} ends in ${formatDuration(Date.parse(incident.deadlineAt) - Date.parse(incident.nowAt))}`
  const path = incident.path
    .map(({ level, agents, waitMs }) => `${level} ${agents.join(', ')} (${formatDuration(waitMs)})`)
    .join(' → ')
  return [
    `${colours.bold(incident.id)} ${incident.title}`,
    `  ${incident.category} of ${incident.agent}: ${colours.bold(incident.status)} at ${incident.level}${left}${scaleOf(incident)}`,
    `  notified: ${incident.addressees.join(', ') || 'no one yet'}; epoch ${incident.epoch}, duplicates ${incident.duplicates}`,
    `  path: ${path}`,
  ].join('\n')
}

/** That its waits are not the card's, which every view says. */
function scaleOf({ timeScale }: Incident): string {
  return timeScale === 1 ? '' : colours.yellow(` (waits divided by ${timeScale})`)
}

function table(incidents: Incident[]): string {
  const rows = incidents.map((incident) => {
    const { id, agent, category, status, level, deadlineAt, title } = incident
    return [id, agent, category, status, level, deadlineAt ?? '-', `${title}${scaleOf(incident)}`]
  })
  return columns([['ID', 'AGENT', 'CATEGORY', 'STATUS', 'LEVEL', 'DEADLINE', 'TITLE'], ...rows])
}
