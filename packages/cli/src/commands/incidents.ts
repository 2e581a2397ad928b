import { parseOpenIncident } from '@esa/escalation'
import { commandIncident, openIncident as open, parseIncidentCommand } from '@esa/operations'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import type { Config } from '../config.ts'
import { durationFlag } from '../flags.ts'
import { answer } from '../output.ts'
import { readText } from '../read-text.ts'
import { inWorld } from '../world.ts'
import { describeIncident } from './show-incidents.ts'

type Flags = Record<string, string | undefined>

/** The command type of a verb that is spelled shorter on the command line. */
const TYPE_OF: Record<string, string> = { ack: 'acknowledge' }

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
export async function giveCommand(config: Config, verb: string, id: string, flags: Flags): Promise<void> {
  const command = parseIncidentCommand(commandOf(verb, flags))
  await inWorld(config, async (world) => {
    const incident = await commandIncident(world, id, command)
    answer(config, incident, () => describeIncident(incident))
  })
}

function commandOf(verb: string, flags: Flags): unknown {
  const { as = 'operator', reason, cause, to, epoch } = flags
  return {
    type: TYPE_OF[verb] ?? verb,
    as,
    ...(flags['for'] === undefined ? {} : { forMs: durationFlag('--for', flags['for']) }),
    ...(reason === undefined ? {} : { reason }),
    ...(cause === undefined ? {} : { cause }),
    ...(to === undefined ? {} : { to }),
    ...(epoch === undefined ? {} : { epoch: Number(epoch) }),
  }
}

function parseEvidence(text: string, file: string): z.infer<ReturnType<typeof z.json>> {
  try {
    return z.json().parse(JSON.parse(text))
  } catch (cause) {
    throw new EsaError('usage.evidence', 'terminal', `${file} is not JSON`, { cause })
  }
}
