import { type Intent, intentsOf, routeQuestion } from '@esa/behavior'
import type { DirectoryAgent } from '@esa/org'
import { cut, EsaError, type Json, type JsonObject } from '@esa/protocol'
import { isServed } from './figures.ts'
import { contextOf } from './mailboxes.ts'
import { answersTo, TASK_TYPES } from './task-document.ts'
import { sendTask } from './tasks.ts'
import { unknownAgent, type World } from './world.ts'

/**
 * Chooses what a question means when no rule does, by its id; a model may sit behind it. None does unless the composition
 * this says so: nothing is sent anywhere by default.
 */
export type ChooseIntent = (question: string, intents: readonly Intent[]) => Promise<string | null>

/** A question, in whose name it is sent (by default the operator's), what it is about, and how long its answer is waited for. */
export interface Question {
  agent: string
  as?: string
  question: string
  data?: JsonObject
  waitMs?: number
  choose?: ChooseIntent
}

/** What came of a question: what it was taken for, and the answer or what it waits for. */
export interface Asked {
  agent: string
  question: string
  intent: Pick<Intent, 'id' | 'kind' | 'about'> | null
  because: string
  /** What it may have meant as well. */
  others?: string[]
  /** What the agent can answer, when the question is unknown. */
  canBeAsked?: Pick<Intent, 'id' | 'kind' | 'about' | 'needs'>[]
  message?: string
  answer?: Json
  waits?: string
}

type Answered = Pick<Asked, 'message' | 'answer' | 'waits'>

/** How long an answer is waited for, ms, and the pause between two looks for it. */
const WAIT_MS = 60_000
const LOOK_EVERY_MS = 200

/** Longest subject that a question becomes. */
const SUBJECT_MAX = 200

/** Everything that an agent can answer. @throws EsaError `agent.unknown` (terminal). */
export function askable(
  { directory, behaviors }: Pick<World, 'directory' | 'behaviors'>,
  id: string,
): Intent[] {
  const agent = directory.get(id)
  if (agent === undefined) throw unknownAgent(id)
  return intentsOf(agent, behaviors.mindOf(id))
}

/**
 * Asks an agent in plain words: rules find what is meant, facts are answered from its card, its own tasks are given to it
 * and waited for, and anything else is put before the person who sits there.
 * @throws EsaError `agent.unknown`, `usage.ask` (terminal), `auth.*`.
 */
export async function askAgent(world: World, asked: Question): Promise<Asked> {
  const { agent: id, question, choose } = asked
  const agent = world.directory.get(id)
  if (agent === undefined) throw unknownAgent(id)
  const intents = intentsOf(agent, world.behaviors.mindOf(id))
  const routed = routeQuestion(question, intents)
  const chosen = routed.intent === null ? await choose?.(question, intents) : null
  const intent = routed.intent ?? intents.find((one) => one.id === chosen) ?? null
  if (intent === null) {
    const askable = intents.filter(({ kind }) => kind === 'task' || kind === 'fact')
    const canBeAsked = askable.map(({ id: name, kind, about, needs }) => ({ id: name, kind, about, needs }))
    return { agent: id, question, intent, because: 'no word of it is known', canBeAsked }
  }
  const because = routed.intent === null ? 'a model chose it' : `"${routed.matched.join('", "')}"`
  const answered =
    intent.kind === 'fact'
      ? { answer: await factOf(world, intent, agent, intents) }
      : await giveTask(world, intent, asked)
  const about = { id: intent.id, kind: intent.kind, about: intent.about }
  const others = routed.others.map((other) => other.id)
  return { agent: id, question, intent: about, because, others, ...answered }
}

async function factOf(
  { store }: World,
  { id }: Intent,
  { card, id: agent, name }: DirectoryAgent,
  intents: readonly Intent[],
): Promise<Json> {
  switch (id) {
    case 'about:metrics':
      return (card?.metrics ?? []).map(({ text }) => text)
    case 'about:escalation':
      return (card?.escalation ?? []).map(({ level, agents, waitMs, reasons }) => ({
        level,
        agents,
        waitMs,
        reasons,
      }))
    case 'about:load': {
      const actor = await store.readActor(agent)
      const waiting = actor === null ? [] : Object.values(contextOf(actor).inbox).map(({ about }) => about)
      return { waiting: waiting.length, about: waiting }
    }
    default:
      return {
        name,
        tasks: intents.filter(({ kind }) => kind === 'task').map((task) => `${task.id}: ${task.about}`),
      }
  }
}

/** Gives the agent its task and waits for the answer while a worker runs. */
async function giveTask(
  world: World,
  intent: Intent,
  { agent: id, as = 'operator', question, data = {}, waitMs = WAIT_MS }: Question,
): Promise<Answered> {
  const own = intent.kind === 'task'
  const lacking = own ? intent.needs.filter((field) => data[field] === undefined) : []
  if (lacking.length > 0) {
    throw new EsaError('usage.ask', 'terminal', `${intent.id} takes ${lacking.join(' and ')}`, {
      hint: `add --data '{${lacking.map((field) => `"${field}": ...`).join(', ')}}'`,
    })
  }
  const body = own
    ? { task: intent.id, data }
    : { task: question, ...(Object.keys(data).length === 0 ? {} : { data }) }
  const subject = cut(question, SUBJECT_MAX)
  const [sent] = await sendTask(world, { from: as, to: [id], type: 'task_request', subject, body })
  const message = sent!.id
  if (!(await isServed(world.store)))
    return { message, waits: 'no worker is running; it is delivered by: esa up' }
  return { message, ...(await awaitAnswer(world, id, message, waitMs)) }
}

async function awaitAnswer(world: World, id: string, message: string, waitMs: number): Promise<Answered> {
  const until = performance.now() + waitMs
  for (;;) {
    const [row] = await world.store.listMessages({ ids: [message], types: TASK_TYPES, limit: 1 })
    const [first] = row === undefined ? [] : await answersTo(world.store, row)
    if (first !== undefined) return { answer: first.said }
    const actor = await world.store.readActor(id)
    if (actor !== null && contextOf(actor).inbox[message] !== undefined)
      return { waits: `it is in the inbox of ${id}, for the person who sits there` }
    if (performance.now() > until) return { waits: 'not answered yet' }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
