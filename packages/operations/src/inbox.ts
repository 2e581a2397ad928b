import { refusalIn } from '@esa/escalation'
import { EsaError, type Identity, type JsonObject, textOf } from '@esa/protocol'
import { admitApproval, requirePerson, requireUnrelated } from './approving.ts'
import { type OpenItem, openItems } from './mailboxes.ts'
import { requireAgent, type World } from './world.ts'

/** An item that was answered, and the position of the agent's log then. */
export interface AnsweredItem {
  agent: string
  item: string
  answered: true
  seq: number
}

/** A proposal that was decided. */
export interface JudgedItem {
  agent: string
  item: string
  decision: 'approved' | 'rejected'
  seq: number
}

/** A statement that waits to be approved, whole, with the hash that an approval of it binds. */
interface StatementDocument {
  approval: string | null
  target: string
  text: string
  hash: string
  /** How much the change takes: additive, major or destructive. */
  change: string | null
}

/** Something that waits in an inbox. */
export type InboxDocument = OpenItem & { statement: StatementDocument | null }

/** What waits in the inboxes, or in one, oldest first; a statement that is to be approved is in `about` whole, with its hash. */
export async function listInbox(
  world: Pick<World, 'store' | 'directory' | 'behaviors'>,
  agent?: string,
): Promise<InboxDocument[]> {
  if (agent !== undefined) requireAgent(world, agent)
  const items = await openItems(world)
  return items
    .filter((item) => agent === undefined || item.agent === agent)
    .map((item) => {
      const statement = statementOf(item)
      return { ...item, about: aboutOf(item, statement), statement }
    })
}

/** What waits, in a line: of a statement that is to be approved all of it, with the hash that the approval is bound to. */
function aboutOf({ about }: OpenItem, statement: StatementDocument | null): string {
  if (statement === null) return about
  const { target, text, hash } = statement
  return `${target}: ${text.replaceAll(/\s+/g, ' ')} [sha256 ${hash}]`
}

function statementOf({ type, body }: OpenItem): StatementDocument | null {
  const { kind, statement, hash, target, approvalId, change } = (body['data'] ?? {}) as JsonObject
  if (type !== 'proposal' || kind !== 'statement' || typeof hash !== 'string') return null
  return {
    approval: textOf(approvalId) || null,
    target: textOf(target),
    text: textOf(statement),
    hash,
    change: textOf(change) || null,
  }
}

/**
 * Answers a message in an agent's name; without `as`, in its holder's.
 * @throws EsaError `inbox.no-such-item`, `inbox.is-an-incident`, `agent.*`, `auth.*` (terminal).
 */
export async function answerItem(
  world: World,
  id: string,
  { as: named, text }: { as?: string; text: string },
): Promise<AnsweredItem> {
  if (named !== undefined) requireAgent(world, named)
  const items = (await openItems(world)).filter((entry) => entry.id === id)
  const item = items.find(({ agent }) => named === undefined || agent === named)
  const as = named ?? item?.agent
  if (as === undefined) throw noSuchItem(`no inbox holds an item "${id}"`, 'esa tasks ls --open')
  if (item?.kind === 'incident') {
    throw new EsaError('inbox.is-an-incident', 'terminal', `${id} is an incident`, {
      hint: `esa incidents ack ${id} --as ${as}`,
    })
  }
  const by = await world.caller.actAs(as, 'incidents:write')
  const command = { type: 'answer', item: id, text, as, by }
  const { state, events } = await world.host.command(as, command, { scopes: await world.caller.scopes() })
  if (item === undefined || refusalIn(events) !== null)
    throw noSuchItem(`the inbox of ${as} holds no item "${id}"`, `esa inbox ls --agent ${as}`)
  if (!events.some(({ type }) => type === 'agent.answered')) throw stopped(as)
  return { agent: as, item: id, answered: true, seq: state.seq }
}

/**
 * Approves or rejects a proposal in an agent's name; with `hash` only when the proposed statement is the one that was read.
 * @throws EsaError `auth.*`, `approval.own-request`, `approval.other-statement` or `inbox.no-such-proposal` (terminal).
 */
export async function judgeProposal(
  world: World,
  id: string,
  approved: boolean,
  { as, because = '', hash }: { as: string; because?: string; hash?: string },
): Promise<JudgedItem> {
  requireAgent(world, as)
  if (hash !== undefined) await requireStatement(world, id, { as, hash })
  const by = await world.caller.approveAs(as, 'incidents:write')
  const who = await world.caller.account()
  if (approved) await admitProposal(world, id, as, who)
  const command = { type: 'judge', item: id, approved, text: because, as, by, who }
  const { state, events } = await world.host.command(as, command, { scopes: await world.caller.scopes() })
  const code = refusalIn(events)?.code
  if (code === 'approval.own-request') {
    const message = 'requesters cannot approve their own request, in any seat'
    throw new EsaError(code, 'terminal', message, { hint: 'leave it to another person with a token' })
  }
  if (code !== undefined) {
    throw new EsaError('inbox.no-such-proposal', 'terminal', `the inbox of ${as} holds no proposal "${id}"`, {
      hint: `esa inbox ls --agent ${as}`,
    })
  }
  const decision = approved ? 'approved' : 'rejected'
  if (!events.some(({ type }) => type === `agent.${decision}`)) throw stopped(as)
  return { agent: as, item: id, decision, seq: state.seq }
}

/** A proposal is approved by a person who is not the requester and did not make the requester. */
async function admitProposal(world: World, id: string, as: string, who: Identity | null): Promise<void> {
  requirePerson(who)
  const item = (await openItems(world)).find((entry) => entry.id === id && entry.agent === as)
  if (item === undefined) return
  await requireUnrelated(world.store, textOf(item.body['by']), who)
  const { approval } = statementOf(item) ?? { approval: null }
  if (approval !== null) await admitApproval(world, approval, who)
}

async function requireStatement(
  world: World,
  id: string,
  { as, hash }: { as: string; hash: string },
): Promise<void> {
  const item = (await listInbox(world, as)).find((entry) => entry.id === id)
  if (item === undefined || item.statement?.hash === hash) return
  const message = `item ${id} is not about the statement ${hash.slice(0, 12)} that was read`
  throw new EsaError('approval.other-statement', 'terminal', message, {
    hint: `read it again: esa inbox ls --agent ${as}`,
  })
}

function stopped(as: string): EsaError {
  return new EsaError('agent.stopped', 'terminal', `${as} is stopped and answers nothing`, {
    hint: `esa agents resume ${as}`,
  })
}

function noSuchItem(message: string, hint: string): EsaError {
  return new EsaError('inbox.no-such-item', 'terminal', message, { hint })
}
