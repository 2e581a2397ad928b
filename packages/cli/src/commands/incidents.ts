import { parseOpenIncident, type IncidentCommands } from '@esa/escalation'
import { commandIncident, openIncident as open, parseIncidentCommand } from '@esa/operations'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import type { Config } from '../config.ts'
import { durationFlag } from '../flags.ts'
import { flagOf } from '../groups/incident-verbs.ts'
import { answer } from '../output.ts'
import { readText } from '../read-text.ts'
import { inWorld } from '../world.ts'
import { describeIncident } from './show-incidents.ts'

type Flags = Record<string, string | undefined>

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
  // What is wrong with the call is said before a database is started for it.
  parseOpenIncident(body)
  await inWorld(config, async (world) => {
    const { incident, created } = await open(world, body)
    answer(
      config,
      incident,
      () => `${created ? 'opened' : 'counted as a duplicate of'} ${describeIncident(incident)}`,
    )
  })
}

/** Gives an incident a command. @throws EsaError with the refusal's code when it is refused. */
export async function giveCommand(
  config: Config,
  { type, spec, id, flags }: { type: string; spec: IncidentCommands[string]; id: string; flags: Flags },
): Promise<void> {
  const command = parseIncidentCommand({ type, as: flags['as'] ?? 'operator', ...fieldsOf(spec, flags) })
  await inWorld(config, async (world) => {
    const incident = await commandIncident(world, id, command)
    answer(config, incident, () => describeIncident(incident))
  })
}

function fieldsOf({ fields, words = {} }: IncidentCommands[string], flags: Flags): Record<string, unknown> {
  const given = Object.keys(fields).map((field) => {
    const { flag, value } = flagOf(field)
    const text = flags[words[field] ?? flag] ?? flags[flag]
    return [field, text === undefined ? undefined : valueOf(flag, value, text)]
  })
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

function valueOf(flag: string, value: string, text: string): string | number {
  if (value === 'duration') return durationFlag(`--${flag}`, text)
  return value === 'n' ? Number(text) : text
}

function parseEvidence(text: string, file: string): z.infer<ReturnType<typeof z.json>> {
  try {
    return z.json().parse(JSON.parse(text))
  } catch (cause) {
    throw new EsaError('usage.evidence', 'terminal', `${file} is not JSON`, { cause })
  }
}
