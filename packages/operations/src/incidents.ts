import { basename, dirname } from 'node:path'
import {
  INCIDENT_TYPE,
  type Incident,
  incidentKey,
  incidentView,
  parseOpenIncident,
  refusalIn,
  type IncidentCommand,
  incidentCommands,
  commandSchema,
} from '@esa/escalation'
import { assertPayloadFits, EsaError, ulidSchema } from '@esa/protocol'
import type { Store } from '@esa/store'
import * as z from 'zod'
import { announceAcknowledged } from './announce-acknowledged.ts'
import { cardError, requireAgent, storeNow, type World } from './world.ts'

/** Refusals that are about the command or the caller, not about the state of the incident. */
const WHY: Record<string, string> = {
  'incident.too-long': 'it asks for longer than anybody may hold an incident',
  'incident.not-allowed': 'the caller is not at a level that may',
}

/** Which incidents to list. */
export interface IncidentFilter {
  open?: boolean
  level?: string
}

/** Which page of incidents: at most `limit`, those older than `before`. */
export interface IncidentPageQuery {
  open?: boolean | undefined
  status?: string | undefined
  level?: string | undefined
  agent?: string | undefined
  category?: string | undefined
  /** Words of its title, or its agent. */
  search?: string | undefined
  before?: string | undefined
  limit: number
}

/** An incident's current level. */
const LEVEL = ['policy', 'path', { at: ['index'] }, 'level']

const SEARCHED = [['title'], ['policy', 'agent']]

/** Opens an incident, or counts up the open one of the same agent and key. @throws EsaError `incident.*`, `agent.unknown`, `card.unreadable`, `auth.*` (terminal). */
export async function openIncident(
  world: World,
  body: unknown,
): Promise<{ incident: Incident; created: boolean }> {
  assertPayloadFits(body)
  const opening = parseOpenIncident(body)
  requireAgent(world, opening.agent)
  requireOwnCard(world, opening.agent)
  const by = await world.caller.actAs(opening.agent, 'incidents:write', 'operator')
  const key = incidentKey(opening.agent, opening.dedupKey)
  const { state, created } = await world.host.open({
    type: INCIDENT_TYPE,
    key,
    from: 'operator',
    body: { ...opening, by },
    scopes: await world.caller.scopes(),
  })
  return { incident: incidentView(state, await storeNow(world.store)), created }
}

const schema = commandSchema()

/** A command as an edge got it. @throws EsaError `usage.command` (terminal). */
export function parseIncidentCommand(command: unknown): IncidentCommand {
  const parsed = schema.safeParse(command)
  if (parsed.success) return parsed.data
  throw new EsaError('usage.command', 'terminal', `Invalid command: ${z.prettifyError(parsed.error)}`)
}

/**
 * Gives an incident a command; with `ifEpoch` only while it is at that epoch. @throws EsaError with the refusal's code
 * when it is refused, `request.conflict` (terminal) when it moved on.
 */
export async function commandIncident(
  world: World,
  id: string,
  event: IncidentCommand,
  when: { ifEpoch?: number } = {},
): Promise<Incident> {
  await requireIncident(world.store, id)
  if (event.as !== 'operator') requireAgent(world, event.as)
  if (event.type === 'reassign') requireAgent(world, event.to)
  const by = await world.caller.actAs(event.as, incidentCommands[event.type].scope)
  const scopes = await world.caller.scopes()
  const { state, events } = await world.host.command(id, { ...event, by }, { ...when, scopes })
  const incident = incidentView(state, await storeNow(world.store))
  const refusal = refusalIn(events)
  if (refusal !== null) throw refused(refusal, incident)
  if (event.type === 'acknowledge') {
    // The acknowledgement is committed: a failed announcement must not look like a failed acknowledgement.
    await announceAcknowledged(world, state, incident, event.as).catch(() => {})
  }
  return incident
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

/** A page of incidents, newest first: the store chooses them, however many there are. `next` goes on from it. */
export async function pageIncidents(
  store: Store,
  { open, status, level, agent, category, search, before, limit }: IncidentPageQuery,
): Promise<{ incidents: Incident[]; next: string | null }> {
  const where = [
    ...(level === undefined ? [] : [{ path: LEVEL, is: level }]),
    ...(agent === undefined ? [] : [{ path: ['policy', 'agent'], is: agent }]),
    ...(category === undefined ? [] : [{ path: ['policy', 'category'], is: category }]),
  ]
  const found = await store.actorPage({
    type: INCIDENT_TYPE,
    ...(open === true ? { live: true } : {}),
    ...(status === undefined ? {} : { status }),
    ...(search === undefined ? {} : { search: { text: search, in: SEARCHED } }),
    ...(before === undefined ? {} : { before }),
    where,
    limit: limit + 1,
  })
  const at = await storeNow(store)
  const incidents = found.slice(0, limit).map(({ state }) => incidentView(state, at))
  return { incidents, next: found.length > limit ? incidents.at(-1)!.id : null }
}

/** Incidents, newest first. */
export async function listIncidents(store: Store, { open, level }: IncidentFilter): Promise<Incident[]> {
  const found = await store.listActors({ type: INCIDENT_TYPE, ...(open === true ? { live: true } : {}) })
  const at = await storeNow(store)
  const all = found.map(({ state }) => incidentView(state, at))
  return all.filter((incident) => level === undefined || incident.level === level).toReversed()
}

/** A ladder is pinned for the incident's whole life, so the card that it comes from must be whole. @throws EsaError `card.unreadable` (terminal). */
function requireOwnCard({ directory, problems }: World, agent: string): void {
  const own = directory.get(agent)?.card?.file
  const broken = problems.find(({ file }) => file === own || basename(dirname(file)) === agent)
  if (broken !== undefined) throw cardError(broken)
}

function refused({ command, code }: { command: string; code: string }, incident: Incident): EsaError {
  const details = {
    incidentId: incident.id,
    status: incident.status,
    level: incident.level,
    epoch: incident.epoch,
  }
  return new EsaError(
    code,
    'terminal',
    `${command} is refused: ${WHY[code] ?? `the incident is ${incident.status} at the ${incident.level} level`}`,
    {
      details,
      hint: `see: esa replay show ${incident.id}`,
    },
  )
}
