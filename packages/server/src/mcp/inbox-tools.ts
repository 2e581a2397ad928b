import { z } from '@hono/zod-openapi'
import {
  answerItem,
  askAgent,
  judgeApproval,
  judgeProposal,
  listApprovals,
  listInbox,
  readThread,
} from '@esa/operations'
import { EsaError } from '@esa/protocol'
import { inboxItemSchema } from '../documents-agents.ts'
import { timelineEventSchema } from '../documents.ts'
import { hearGrowth } from '../hear-growth.ts'
import type { Desk } from './desk.ts'
import { asSchema, type McpTool, tool } from './tool.ts'

/** Longest that one call waits for an answer, ms: clients give a call up after a minute. */
const WAIT_MAX_MS = 50_000

/** Items that one agent can have before it; more are not remembered. */
const KNOWN_MAX = 1_000

/** The default wait for an answer, ms. */
const ASK_WAIT_MS = 20_000

const itemId = z.string().describe('Id of the item, from inbox_list')
const hashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('sha256 of the statement that you have read, from the listing')

const list = tool({
  name: 'inbox_list',
  title: 'List what waits',
  description:
    'What waits in the inboxes for an answer, the oldest first: messages, proposals and incidents. Of a statement that is to be approved, `statement` has the text and its hash.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({ agent: z.string().optional().describe('Only the inbox of this agent') }),
  output: z.object({ items: z.array(inboxItemSchema) }),
  run: async ({ world }, { agent }) => ({ items: await listInbox(world, agent) }),
})

const wait = tool({
  name: 'inbox_wait',
  title: 'Wait for something new',
  description:
    'Waits until an item comes into an inbox that you do not know yet, at most 50 seconds, and gives what is in it then. Call it again and again while you sit in a seat.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({
    agent: z.string(),
    known: z.array(z.string()).max(KNOWN_MAX).default([]).describe('Ids of the items that you know'),
    waitMs: z.number().int().min(0).max(WAIT_MAX_MS).default(WAIT_MAX_MS),
  }),
  output: z.object({ items: z.array(inboxItemSchema), news: z.array(z.string()) }),
  run: async ({ world, feed }, { agent, known, waitMs }) => {
    const until = performance.now() + waitMs
    const growth = hearGrowth(feed, { stream: agent })
    try {
      for (;;) {
        const items = await listInbox(world, agent)
        const news = items.map(({ id }) => id).filter((id) => !known.includes(id))
        const leftMs = until - performance.now()
        if (news.length > 0 || leftMs <= 0 || feed.ending.aborted) return { items, news }
        await growth.next(leftMs)
      }
    } finally {
      growth.end()
    }
  },
})

const answer = tool({
  name: 'inbox_answer',
  title: 'Answer a message',
  description: 'Answers a message in an inbox, in the name of the agent who has it. It cannot be taken back.',
  scope: 'incidents:write',
  effect: { kind: 'acts' },
  input: z.object({ id: itemId, text: z.string().min(1), as: asSchema }),
  output: z.object({ agent: z.string(), item: z.string(), answered: z.boolean(), seq: z.number().int() }),
  run: async (desk, { id, text, as }) =>
    answerItem(desk.world, id, { text, as: await desk.actor(as, 'incidents:write') }),
})

/** Approves or rejects a proposal that waits in an inbox. */
function judge(verb: 'approve' | 'reject'): McpTool {
  const approves = verb === 'approve'
  return tool({
    name: `inbox_${verb}`,
    title: approves ? 'Approve a proposal' : 'Reject a proposal',
    description: approves
      ? 'Approves a proposal. Of a statement only the one with the given hash is approved. Needs a token, from someone other than the requester.'
      : 'Rejects a proposal, for a reason.',
    scope: 'incidents:write',
    effect: { kind: 'ends' },
    input: z.object({
      id: itemId,
      as: asSchema,
      because: z.string().optional(),
      hash: hashSchema.optional().describe('Needed for a statement: its hash, from the listing'),
    }),
    output: z.object({
      agent: z.string(),
      item: z.string(),
      decision: z.enum(['approved', 'rejected']),
      seq: z.number().int(),
    }),
    run: async (desk, { id, as: named, because, hash }) => {
      const as = await desk.actor(named, 'incidents:write')
      if (approves && hash === undefined) await requireNoStatement(desk, id)
      const said = {
        ...(because === undefined ? {} : { because }),
        ...(hash === undefined ? {} : { hash }),
      }
      return judgeProposal(desk.world, id, approves, { as, ...said })
    },
  })
}

/** A model approves what it has read, and nothing that has become something else meanwhile. */
async function requireNoStatement({ world }: Desk, id: string): Promise<void> {
  const item = (await listInbox(world)).find((one) => one.id === id)
  if (item === undefined || item.statement === null) return
  throw new EsaError('approval.without-hash', 'terminal', 'a statement is approved by its hash', {
    hint: 'read the statement in inbox_list, and give its hash',
  })
}

const approval = z.looseObject({
  id: z.string(),
  target: z.string(),
  statement: z.string(),
  hash: z.string(),
})

const approvals = tool({
  name: 'approvals_list',
  title: 'List approvals',
  description: 'Statements that wait to be approved before they run on a target, or all that ever did.',
  scope: 'db:read',
  effect: { kind: 'reads' },
  input: z.object({ all: z.boolean().default(false) }),
  output: z.object({ approvals: z.array(approval) }),
  run: async ({ world }, { all }) => ({ approvals: await listApprovals(world.store, { all }) }),
})

/** Approves or rejects a statement by its approval. */
function judgeStatement(verb: 'approve' | 'reject'): McpTool {
  return tool({
    name: `approvals_${verb}`,
    title: verb === 'approve' ? 'Approve a statement' : 'Reject a statement',
    description: `${verb === 'approve' ? 'Approves' : 'Rejects'} the statement with the given hash. Needs a token, from someone other than the requester.`,
    scope: 'incidents:write',
    effect: { kind: 'ends' },
    input: z.object({ id: z.string(), hash: hashSchema, as: asSchema, because: z.string().optional() }),
    output: approval,
    run: async (desk, { id, as: named, hash, because }) => {
      const as = await desk.actor(named, 'incidents:write')
      return judgeApproval(desk.world, verb, id, {
        as,
        hash,
        ...(because === undefined ? {} : { because }),
      })
    },
  })
}

const ask = tool({
  name: 'agents_ask',
  title: 'Ask an agent',
  description:
    'Asks an agent in plain words. Facts come from its card, its own tasks are given to it and waited for, anything else goes to the person or model in its seat.',
  scope: 'incidents:write',
  effect: { kind: 'acts' },
  input: z.object({
    agent: z.string(),
    as: asSchema,
    question: z.string().min(1).max(4_000),
    data: z
      .record(z.string(), z.json())
      .optional()
      .describe('What the task needs, such as {"target": "shop"}'),
    waitMs: z.number().int().min(0).max(WAIT_MAX_MS).default(ASK_WAIT_MS),
  }),
  output: z.looseObject({ agent: z.string(), because: z.string() }),
  run: async (desk, { agent, as, question, data, waitMs }) =>
    askAgent(desk.world, {
      agent,
      as: await desk.actor(as, 'incidents:write'),
      question,
      waitMs,
      ...(data === undefined ? {} : { data }),
    }),
})

const thread = tool({
  name: 'threads_show',
  title: 'Read a conversation',
  description:
    'A conversation by its thread or any message of it: its messages, and one timeline across all participants.',
  scope: 'incidents:read',
  effect: { kind: 'reads' },
  input: z.object({ id: z.string() }),
  output: z.object({
    thread: z.string(),
    messages: z.array(z.looseObject({ id: z.string(), from: z.string(), to: z.string() })),
    events: z.array(timelineEventSchema.extend({ stream: z.string() })),
  }),
  run: async ({ world }, { id }) => {
    const found = await readThread(world, id)
    if (found !== null) return found
    throw new EsaError('task.unknown', 'terminal', `there is no conversation "${id}"`)
  },
})

/** Tools for what waits to be answered or approved, and for what is said. */
export const inboxTools: readonly McpTool[] = [
  list,
  wait,
  answer,
  judge('approve'),
  judge('reject'),
  approvals,
  judgeStatement('approve'),
  judgeStatement('reject'),
  ask,
  thread,
]
