import type { Change } from '@esa/actor'
import { CEO_ID, textOf } from '@esa/protocol'
import {
  type AgentContext,
  type AgentEvent,
  askBack,
  followedBy,
  judgement,
  objectOf,
  receive,
  type Skill,
  STATEMENT,
} from '@esa/behavior'
import { judgeStatement } from './statement-policy.ts'

/**
 * Decides on a proposed statement by the written policy: approves, rejects, asks back, or passes it on to the CEO. Any other
 * proposal is a person's: it waits in the inbox, and its sender's clock runs on.
 */
export const decideProposal: Skill = (context, event) => {
  const data = objectOf(event['data'])
  if (data['kind'] !== STATEMENT) {
    const because = 'the policy is about statements; this is a person’s to decide'
    return followedBy(receive(context, event), undecided(event, because))
  }
  const { kind, because } = judgeStatement(data)
  switch (kind) {
    case 'ask':
      return followedBy(askBack(context, event, because), undecided(event, because))
    case 'pass-on':
      return passOn(context, event, because)
    case 'approve':
    case 'reject':
      return decided(event, kind === 'approve', because)
  }
}

function decided(event: AgentEvent, approved: boolean, because: string): Change<AgentContext> {
  const { messageId = '', from = '' } = event
  const thread = textOf(event['thread']) || messageId
  const data = objectOf(event['data'])
  const decision = approved ? 'approved' : 'rejected'
  const { hash, target, approvalId } = data
  return {
    record: [
      {
        type: `agent.${decision}`,
        data: { item: messageId, thread, because, to: from, hash, target, approvalId },
      },
    ],
    send: [
      { to: from, type: 'decision', body: { decision, because, inReplyTo: messageId, thread }, thread },
      ...judgement(from, data, approved, because),
    ],
  }
}

/** The CEO has it from now on, under its id and thread; the requester learns where the answer comes from. */
function passOn({ agentId }: AgentContext, event: AgentEvent, because: string): Change<AgentContext> {
  const { messageId = '', from = '' } = event
  const thread = textOf(event['thread']) || messageId
  const { proposal, data, subject, by } = event
  const handedOver = { messageId, from, by: agentId }
  return {
    record: [{ type: 'agent.passed_on', data: { item: messageId, to: CEO_ID, because, thread } }],
    send: [
      {
        to: CEO_ID,
        type: 'proposal',
        body: { proposal, data, subject, by, thread, handedOver },
        thread,
      },
      { to: from, type: 'task.handed_over', body: { original: messageId, to: CEO_ID, thread }, thread },
    ],
  }
}

function undecided({ messageId }: AgentEvent, because: string): Change<AgentContext> {
  return { record: [{ type: 'agent.undecided', data: { item: messageId, because } }] }
}
