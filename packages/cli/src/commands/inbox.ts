import { refusalIn } from '@esa/escalation'
import { EsaError, textOf } from '@esa/protocol'
import { approverOf, callerOf } from '../caller.ts'
import type { Config } from '../config.ts'
import { type OpenItem, openItems } from '../mailboxes.ts'
import { answer, columns } from '../output.ts'
import { inWorld, type World } from '../world.ts'
import { requireAgent } from './incidents.ts'

/** Lists what waits in the inboxes, oldest first. */
export async function listInbox(config: Config, agent: string | undefined): Promise<void> {
  await inWorld(config, async (world) => {
    if (agent !== undefined) requireAgent(world, agent)
    const items = (await openItems(world.store))
      .filter((item) => agent === undefined || item.agent === agent)
      .map((item) => ({ ...item, about: aboutOf(item) }))
    answer(config, { items }, () =>
      items.length === 0
        ? 'nothing waits for an answer'
        : columns([
            ['ITEM', 'AGENT', 'KIND', 'FROM', 'SINCE', 'ABOUT'],
            ...items.map((item) => [item.id, item.agent, item.kind, item.from, item.at, item.about]),
          ]),
    )
  })
}

/** What waits, in a line: of a statement that is to be approved all of it, with the hash that the approval is bound to. */
function aboutOf({ type, about, body }: OpenItem): string {
  const { kind, statement, hash, target } = (body['data'] ?? {}) as Record<string, unknown>
  if (type !== 'proposal' || kind !== 'statement' || typeof hash !== 'string') return about
  return `${textOf(target)}: ${textOf(statement).replaceAll(/\s+/g, ' ')} [sha256 ${hash}]`
}

/** Answers a message in an agent's name. @throws EsaError `inbox.no-such-item` or `inbox.is-an-incident` (terminal). */
export async function answerItem(
  config: Config,
  id: string,
  flags: { as: string; text: string },
): Promise<void> {
  await inWorld(config, (world) => answerAs(world, id, flags))
}

/** Answers a message in the name of whoever has it in the inbox. @throws EsaError `inbox.no-such-item` or `inbox.is-an-incident` (terminal). */
export async function answerTask(
  config: Config,
  id: string,
  flags: { as?: string; text: string },
): Promise<void> {
  await inWorld(config, async (world) => {
    const holder = flags.as ?? (await openItems(world.store)).find((item) => item.id === id)?.agent
    if (holder === undefined) throw noSuchItem(`no inbox holds an item "${id}"`, 'esa tasks ls --open')
    await answerAs(world, id, { as: holder, text: flags.text })
  })
}

async function answerAs(world: World, id: string, { as, text }: { as: string; text: string }): Promise<void> {
  requireAgent(world, as)
  const item = (await openItems(world.store)).find((entry) => entry.id === id && entry.agent === as)
  if (item?.kind === 'incident') {
    throw new EsaError('inbox.is-an-incident', 'terminal', `${id} is an incident`, {
      hint: `esa incidents ack ${id} --as ${as}`,
    })
  }
  const by = await callerOf(world, as, 'incidents:write')
  const command = { type: 'answer', item: id, text, as, by }
  const { state, events } = await world.host.command(as, command)
  if (item === undefined || refusalIn(events) !== null)
    throw noSuchItem(`the inbox of ${as} holds no item "${id}"`, `esa inbox ls --agent ${as}`)
  if (!events.some(({ type }) => type === 'agent.answered')) throw stopped(as)
  const done = { agent: as, item: id, answered: true, seq: state.seq }
  answer(world.config, done, () => `answered ${id} as ${as}`)
}

/** Approves or rejects a proposal in an agent's name. @throws EsaError `auth.*`, `approval.own-request` or `inbox.no-such-proposal` (terminal). */
export async function judgeProposal(
  config: Config,
  id: string,
  approved: boolean,
  { as, because = '' }: { as: string; because?: string },
): Promise<void> {
  await inWorld(config, async (world) => {
    requireAgent(world, as)
    const by = await approverOf(world, as, 'incidents:write')
    const command = { type: 'judge', item: id, approved, text: because, as, by }
    const { state, events } = await world.host.command(as, command)
    const code = refusalIn(events)?.code
    if (code === 'approval.own-request') {
      const message = 'nobody approves what they asked for, in whatever seat'
      throw new EsaError(code, 'terminal', message, { hint: 'leave it to somebody else with a token' })
    }
    if (code !== undefined) throw noSuchProposal(`the inbox of ${as} holds no proposal "${id}"`, as)
    const decision = approved ? 'approved' : 'rejected'
    if (!events.some(({ type }) => type === `agent.${decision}`)) throw stopped(as)
    answer(config, { agent: as, item: id, decision, seq: state.seq }, () => `${decision} ${id} as ${as}`)
  })
}

function noSuchProposal(message: string, as: string): EsaError {
  return new EsaError('inbox.no-such-proposal', 'terminal', message, { hint: `esa inbox ls --agent ${as}` })
}

function stopped(as: string): EsaError {
  return new EsaError('agent.stopped', 'terminal', `${as} is stopped and answers nothing`, {
    hint: `esa agents resume ${as}`,
  })
}

function noSuchItem(message: string, hint: string): EsaError {
  return new EsaError('inbox.no-such-item', 'terminal', message, { hint })
}
