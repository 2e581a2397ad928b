import { INCIDENT_TYPE, type Incident, incidentView } from '@esa/escalation'
import { EsaError, formatDuration, ulidSchema } from '@esa/protocol'
import type { Store } from '@esa/store'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { inStore } from '../store-access.ts'

type Flags = Record<string, string | undefined>

/** Shows an incident. */
export async function showIncident(config: Config, id: string): Promise<void> {
  await inStore(config, async (store) => {
    const incident = await requireIncident(store, id)
    answer(config, incident, () => describeIncident(incident))
  })
}

/** Lists incidents, newest first. */
export async function listIncidents(config: Config, flags: Flags): Promise<void> {
  await inStore(config, async (store) => {
    const found = await store.listActors({
      type: INCIDENT_TYPE,
      ...(flags['open'] === undefined ? {} : { live: true }),
    })
    const at = await storeNow(store)
    const all = found
      .map(({ state }) => incidentView(state, at))
      .filter(({ level }) => flags['level'] === undefined || level === flags['level'])
    const incidents = all.toReversed()
    answer(config, { incidents }, () => (incidents.length === 0 ? 'no incidents' : table(incidents)))
  })
}

/** The incident of an id. @throws EsaError `incident.unknown` (terminal). */
export async function requireIncident(store: Store, id: string): Promise<Incident> {
  const found = ulidSchema.safeParse(id).success ? await store.readActor(id) : null
  if (found !== null && found.state.type === INCIDENT_TYPE)
    return incidentView(found.state, await storeNow(store))
  throw new EsaError('incident.unknown', 'terminal', `there is no incident "${id}"`, {
    hint: 'list them with: esa incidents ls',
  })
}

/** The store clock, ms. */
export async function storeNow(store: Store): Promise<number> {
  return (await store.runtime()).nowMs
}

/** An incident for people: what, where it stands, who was told, and its ladder. */
export function describeIncident(incident: Incident): string {
  const left =
    incident.deadlineAt === null
      ? ''
      : `, ${incident.timerKind} ends in ${formatDuration(Date.parse(incident.deadlineAt) - Date.parse(incident.nowAt))}`
  const scale = incident.timeScale === 1 ? '' : colours.yellow(` (waits divided by ${incident.timeScale})`)
  const path = incident.path
    .map(({ level, agents, waitMs }) => `${level} ${agents.join(', ')} (${formatDuration(waitMs)})`)
    .join(' → ')
  return [
    `${colours.bold(incident.id)} ${incident.title}`,
    `  ${incident.category} of ${incident.agent}: ${colours.bold(incident.status)} at ${incident.level}${left}${scale}`,
    `  told: ${incident.addressees.join(', ') || 'nobody yet'}; epoch ${incident.epoch}, duplicates ${incident.duplicates}`,
    `  path: ${path}`,
  ].join('\n')
}

function table(incidents: Incident[]): string {
  const rows = incidents.map(({ id, agent, category, status, level, deadlineAt, title }) => [
    id,
    agent,
    category,
    status,
    level,
    deadlineAt ?? '-',
    title,
  ])
  return columns([['ID', 'AGENT', 'CATEGORY', 'STATUS', 'LEVEL', 'DEADLINE', 'TITLE'], ...rows])
}
