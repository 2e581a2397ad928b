import { z } from '@hono/zod-openapi'
import type { GetPromptResult, McpServer } from '@modelcontextprotocol/server'
import { listIncidents, listInbox, listTimers, requireAgent } from '@esa/operations'
import type { Desk } from './desk.ts'
import { cardContent, content, inboxContent, timelineContent, told } from './resources.ts'
import { UNTRUSTED } from './tool.ts'

type Content = Awaited<ReturnType<typeof cardContent>>

const TAKE_SEAT = `You sit in the seat of the agent whose card is attached, in this organization's runtime. Its inbox as it is now is attached as well.

Work like this, until the operator stops you:
1. Read inbox_list with "agent" set to your id; when nothing is left to do, inbox_wait tells you of what is new. For each incident in it read incidents_show and incidents_timeline.
2. What you can take, acknowledge with incidents_ack before its deadlineAt. What you cannot, decline with incidents_decline and a true reason: silence costs the whole wait.
3. What you hold, work on, and close with incidents_resolve and the cause that you found. Never resolve what you did not look into.
4. Answer messages with inbox_answer. Approve nothing whose statement you have not read whole.
5. What is beyond you goes up by incidents_escalate.
Time is the server's: compare deadlineAt with nowAt of the same answer.`

const HAND_OVER = `Write a hand-over for the next person on call, from the attached data alone: what is open, by level and next deadline; who holds what and until when; what waits in inboxes; what will escalate within the next hour without an answer. Say what is not known. Keep it to one page.`

const EXPLAIN = `Explain the attached incident to a person who has just joined: what happened, who was notified when and by which rule of the card, who answered, what is still running and until when, and what the evidence shows. Keep to what the timeline says, and name the seq of each event that you lean on.`

/** Offers the prompts: to take a seat, to hand over, to explain an incident. */
export function addPrompts(server: McpServer, desk: Desk): void {
  server.registerPrompt(
    'take_seat',
    {
      title: 'Take the seat of an agent',
      description: 'Sit in an agent’s seat: read its inbox, answer incidents before their deadlines.',
      argsSchema: z.object({ agent: z.string().describe('Agent id, such as layer-2') }),
    },
    ({ agent }) =>
      told(async () => {
        requireAgent(desk.world, agent)
        return prompt(TAKE_SEAT, await cardContent(desk, agent), await inboxContent(desk, agent))
      }),
  )
  server.registerPrompt(
    'hand_over',
    { title: 'Hand over on call', description: 'What the next person on call has to know.' },
    () =>
      told(async () => {
        await desk.admit('incidents:read')
        const { store } = desk.world
        const [incidents, items, { timers }] = await Promise.all([
          listIncidents(store, { open: true }),
          listInbox(desk.world),
          listTimers(store),
        ])
        return prompt(HAND_OVER, content('esa://now', { incidents, inbox: items, timers }))
      }),
  )
  server.registerPrompt(
    'explain_incident',
    {
      title: 'Explain this incident',
      description: 'What happened, who was notified and why, and what is still running.',
      argsSchema: z.object({ id: z.string().describe('Id of the incident') }),
    },
    ({ id }) => told(async () => prompt(EXPLAIN, await timelineContent(desk, id))),
  )
}

/** Our words by themselves; what others wrote comes as attached data, never within them. */
function prompt(words: string, ...data: Content[]): GetPromptResult {
  return {
    messages: [
      { role: 'user', content: { type: 'text', text: `${words}\n\n${UNTRUSTED}` } },
      ...data.map((resource) => ({
        role: 'user' as const,
        content: { type: 'resource' as const, resource },
      })),
    ],
  }
}
