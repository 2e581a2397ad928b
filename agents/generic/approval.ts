import type { Change } from '@esa/actor'
import { personOf, textOf } from '@esa/protocol'
import { threadOf } from './inbox.ts'
import type { AgentContext, AgentEvent, InboxItem, Skill } from './mind.ts'
import { without } from './records.ts'
import { counted } from './work.ts'

/**
 * Approves or rejects a proposal in the inbox. Nobody approves what they asked for: neither the agent that proposed it nor
 * the person who did so in its name, whichever seat they hold; and nobody does without a token. Source: docs/security.md.
 */
export const judge: Skill = (context, event) => {
  const item = context.inbox[textOf(event['item'])]
  if (item?.type !== 'proposal') return refusal(event, 'inbox.no-such-proposal')
  if (isOwn(context, item, event)) return refusal(event, 'approval.own-request')
  if (!personOf(event.by ?? '').tokened) return refusal(event, 'approval.without-token')
  const decision = event['approved'] === true ? 'approved' : 'rejected'
  const because = textOf(event['text'])
  const thread = threadOf(item)
  const body = { decision, because, decidedBy: event.by, inReplyTo: item.id, thread }
  const data = { item: item.id, thread, because, to: item.from, askedBy: item.body['by'], by: event.by }
  return {
    set: { inbox: without(context.inbox, item.id), ...counted(context, event.at, event.at - item.at, true) },
    record: [{ type: `agent.${decision}`, actor: event.as, data }],
    send: item.from === 'operator' ? [] : [{ to: item.from, type: 'decision', body, thread }],
  }
}

function isOwn({ agentId }: AgentContext, { from, body }: InboxItem, event: AgentEvent): boolean {
  const askedBy = textOf(body['by'])
  return from === agentId || (askedBy !== '' && personOf(askedBy).person === personOf(event.by ?? '').person)
}

function refusal(event: AgentEvent, code: string): Change<AgentContext> {
  const data = { command: 'judge', code, by: event.by }
  return { record: [{ type: 'command.refused', actor: event.as, data }] }
}
