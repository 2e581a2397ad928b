import { basename, dirname } from 'node:path'
import {
  INCIDENT_TYPE,
  type Incident,
  incidentKey,
  incidentView,
  parseOpenIncident,
  refusalIn,
} from '@esa/escalation'
import { assertPayloadFits, EsaError, type IncidentCommand, incidentCommandSchema } from '@esa/protocol'
import type { Scope } from '@esa/store'
import * as z from 'zod'
import { callerOf } from '../caller.ts'
import type { Config } from '../config.ts'
import { cardError } from '../load-org.ts'
import { durationFlag } from '../flags.ts'
import { answer } from '../output.ts'
import { readText } from '../targets.ts'
import { inWorld, type World } from '../world.ts'
import { describeIncident, requireIncident, storeNow } from './show-incidents.ts'

type Flags = Record<string, string | undefined>

/** Refusals that are about what was asked or who asks, and not about where the incident stands. */
const WHY: Record<string, string> = {
  'incident.too-long': 'it asks for longer than anybody may hold an incident',
  'incident.not-allowed': 'whoever asks is not on the part of its path that may',
}

/** The command type of a verb that is spelled shorter on the command line. */
const TYPE_OF: Record<string, string> = { ack: 'acknowledge' }

/** What answering takes of a token; everything else asked of an incident takes `incidents:write`. */
const SCOPE_OF: Partial<Record<IncidentCommand['type'], Scope>> = {
  acknowledge: 'incidents:ack',
  decline: 'incidents:ack',
}

/** Opens an incident, or counts up the open one of the same agent and key. */
export async function openIncident(config: Config, flags: Flags): Promise<void> {
  const { agent, category, title, dedupKey, evidence } = flags
  const body = {
    agent,
    category,
    title,
    ...(dedupKey === undefined ? {} : { dedupKey }),
    ...(evidence === undefined ? {} : { evidence: parseEvidence(await readText(evidence), evidence) }),
  }
  assertPayloadFits(body)
  const opening = parseOpenIncident(body)
  await inWorld(config, async (world) => {
    requireAgent(world, opening.agent)
    requireOwnCard(world, opening.agent)
    const by = await callerOf(world, opening.agent, 'incidents:write', 'operator')
    const key = incidentKey(opening.agent, opening.dedupKey)
    const { state, created } = await world.host.open({
      type: INCIDENT_TYPE,
      key,
      from: 'operator',
      body: { ...opening, by },
    })
    const incident = incidentView(state, await storeNow(world.store))
    answer(
      config,
      incident,
      () => `${created ? 'opened' : 'counted as a duplicate of'} ${describeIncident(incident)}`,
    )
  })
}

/** Gives an incident a command. @throws EsaError with the refusal's code when it is refused. */
export async function commandIncident(config: Config, verb: string, id: string, flags: Flags): Promise<void> {
  const event = parseCommand(verb, flags)
  await inWorld(config, async (world) => {
    await requireIncident(world.store, id)
    if (event.as !== 'operator') requireAgent(world, event.as)
    if (event.type === 'reassign') requireAgent(world, event.to)
    const by = await callerOf(world, event.as, SCOPE_OF[event.type] ?? 'incidents:write')
    const { state, events } = await world.host.command(id, { ...event, by })
    const incident = incidentView(state, await storeNow(world.store))
    const refusal = refusalIn(events)
    if (refusal !== null) throw refused(refusal, incident)
    answer(config, incident, () => describeIncident(incident))
  })
}

/** @throws EsaError `agent.unknown` (terminal). */
export function requireAgent({ directory }: World, id: string): void {
  if (directory.get(id) !== undefined) return
  throw new EsaError('agent.unknown', 'terminal', `there is no agent "${id}"`, {
    hint: 'list them with: esa agents ls',
  })
}

/** A ladder is pinned for the incident's whole life, so the card that it comes from must be whole. @throws EsaError `card.unreadable` (terminal). */
function requireOwnCard({ directory, problems }: World, agent: string): void {
  const own = directory.get(agent)?.card?.file
  const broken = problems.find(({ file }) => file === own || basename(dirname(file)) === agent)
  if (broken !== undefined) throw cardError(broken)
}

function parseCommand(verb: string, flags: Flags): IncidentCommand {
  const { as = 'operator', reason, cause, to, epoch } = flags
  const command = {
    type: TYPE_OF[verb] ?? verb,
    as,
    ...(flags['for'] === undefined ? {} : { forMs: durationFlag('--for', flags['for']) }),
    ...(reason === undefined ? {} : { reason }),
    ...(cause === undefined ? {} : { cause }),
    ...(to === undefined ? {} : { to }),
    ...(epoch === undefined ? {} : { epoch: Number(epoch) }),
  }
  const parsed = incidentCommandSchema.safeParse(command)
  if (parsed.success) return parsed.data
  throw new EsaError('usage.command', 'terminal', `this is no command: ${z.prettifyError(parsed.error)}`, {
    hint: `see: esa incidents ${verb} --help`,
  })
}

function parseEvidence(text: string, file: string): z.infer<ReturnType<typeof z.json>> {
  try {
    return z.json().parse(JSON.parse(text))
  } catch (cause) {
    throw new EsaError('usage.evidence', 'terminal', `${file} is not JSON`, { cause })
  }
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
