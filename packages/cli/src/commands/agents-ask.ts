import { type Intent, intentsOf, mindOf, routeQuestion } from '@esa/agents'
import type { DirectoryAgent } from '@esa/org'
import type { Finding } from '@esa/postgres'
import { EsaError, type Json, type JsonObject } from '@esa/protocol'
import { dispatch } from '@esa/runtime'
import { findingsText } from '../answer-findings.ts'
import { callerOf } from '../caller.ts'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { durationFlag } from '../flags.ts'
import { loadOrg } from '../load-org.ts'
import { contextOf } from '../mailboxes.ts'
import { answer, columns, note } from '../output.ts'
import { answersTo, TASK_TYPES } from '../task-document.ts'
import { inWorld, type World } from '../world.ts'
import { unknownAgent } from './agents.ts'
import { isServed } from './db-watch.ts'

/** Options of `esa agents ask`. */
export interface AskFlags {
  target?: string
  data?: string
  wait?: string
}

/**
 * Chooses what a question means when no rule does, by its id; a model may sit behind it. None does unless whoever composes
 * this says so: nothing is sent anywhere by default.
 */
export type ChooseIntent = (question: string, intents: readonly Intent[]) => Promise<string | null>

/** How long an answer is waited for, ms, and the pause between two looks for it. */
const WAIT_MS = 60_000
const LOOK_EVERY_MS = 200

type Answered = { message?: string; answer?: Json; waits?: string }

/**
 * Asks an agent in plain words: rules find what is meant, facts are answered from its card, its own tasks are given to it
 * and waited for, and anything else is put before the person who sits there.
 * @throws EsaError `agent.unknown`, `usage.ask` (terminal), `auth.*`.
 */
export async function askAgent(
  config: Config,
  id: string,
  question: string,
  flags: AskFlags,
  choose?: ChooseIntent,
): Promise<void> {
  const data = dataOf(flags)
  const waitMs = flags.wait === undefined ? WAIT_MS : durationFlag('--wait', flags.wait)
  const { directory } = await loadOrg(config.agents)
  const agent = directory.get(id)
  if (agent === undefined) throw unknownAgent(id)
  const intents = intentsOf(agent, mindOf(id))
  const routed = routeQuestion(question, intents)
  const chosen = routed.intent === null ? await choose?.(question, intents) : null
  const intent = routed.intent ?? intents.find((one) => one.id === chosen) ?? null
  const because =
    routed.intent === null
      ? intent === null
        ? 'no word of it is known'
        : 'a model chose it'
      : `"${routed.matched.join('", "')}"`
  if (intent === null) {
    const canBeAsked = intents.map(({ id: name, about, needs }) => ({ id: name, about, needs }))
    answer(config, { agent: id, question, intent, because, canBeAsked }, () => listing(id, intents))
    return
  }
  const answered =
    intent.kind === 'fact'
      ? { answer: await factOf(config, intent, agent, intents) }
      : await inWorld(config, (world) => giveTask(world, id, question, intent, data, waitMs))
  const about = { id: intent.id, kind: intent.kind, about: intent.about }
  const others = routed.others.map((other) => other.id)
  answer(config, { agent: id, question, intent: about, because, others, ...answered }, () =>
    [
      colours.dim(
        `${intent.id} (${intent.about}), because of ${because}${others.length === 0 ? '' : `; else: ${others.join(', ')}`}`,
      ),
      said(answered),
    ].join('\n'),
  )
}

async function factOf(
  config: Config,
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
    case 'about:load':
      return inWorld(config, async ({ store }) => {
        const actor = await store.readActor(agent)
        const waiting = actor === null ? [] : Object.values(contextOf(actor).inbox).map(({ about }) => about)
        return { waiting: waiting.length, about: waiting }
      })
    default:
      return {
        name,
        tasks: intents.filter(({ kind }) => kind === 'task').map((task) => `${task.id}: ${task.about}`),
      }
  }
}

/** Gives the agent its task, in the operator's name, and waits for the answer while a worker runs. */
async function giveTask(
  world: World,
  id: string,
  question: string,
  intent: Intent,
  data: JsonObject,
  waitMs: number,
): Promise<Answered> {
  const own = intent.kind === 'task'
  const lacking = own ? intent.needs.filter((field) => data[field] === undefined) : []
  if (lacking.length > 0) {
    throw new EsaError('usage.ask', 'terminal', `${intent.id} takes ${lacking.join(' and ')}`, {
      hint: `add --data '{${lacking.map((field) => `"${field}": ...`).join(', ')}}'`,
    })
  }
  const by = await callerOf(world, 'operator', 'incidents:write')
  const body = own
    ? { task: intent.id, data }
    : { task: question, ...(Object.keys(data).length === 0 ? {} : { data }) }
  const envelope = { from: 'operator', to: [id], type: 'task_request', subject: question.slice(0, 200), body }
  const [message] = await dispatch(world.host, world.registry, envelope, {
    by,
    timeScale: world.config.timeScale,
  })
  if (!(await isServed(world))) {
    return { message: message!, waits: 'no worker is running; it is delivered by: esa up' }
  }
  return { message: message!, ...(await awaitAnswer(world, id, message!, waitMs)) }
}

async function awaitAnswer(world: World, id: string, message: string, waitMs: number): Promise<Answered> {
  const until = performance.now() + waitMs
  if (process.stderr.isTTY) note(colours.dim(`asked ${id}; Ctrl-C leaves the question with it`))
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

function said({ message, answer: found, waits }: Answered): string {
  if (waits !== undefined) return `${waits}; see: esa tasks show ${message}`
  if (typeof found === 'string') return found
  const { findings } = (found ?? {}) as { findings?: Finding[] }
  return findings === undefined ? JSON.stringify(found, null, 2) : findingsText(findings)
}

function listing(id: string, intents: readonly Intent[]): string {
  const asked = intents.filter(({ kind }) => kind === 'task' || kind === 'fact')
  const rows = asked.map(({ id: name, about, needs }) => [
    `  ${name}`,
    about,
    needs.length === 0 ? '' : colours.dim(`--data with ${needs.join(', ')}`),
  ])
  return [`no word of that is known to ${id}. It can be asked for:`, columns(rows)].join('\n')
}

function dataOf({ target, data }: AskFlags): JsonObject {
  const given = data === undefined ? {} : parse(data)
  return target === undefined ? given : { ...given, target }
}

function parse(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as JsonObject
  } catch (cause) {
    throw new EsaError('usage.ask', 'terminal', '--data is not JSON', { cause, hint: HINT })
  }
  throw new EsaError('usage.ask', 'terminal', '--data is not a JSON object', { hint: HINT })
}

const HINT = `like --data '{"sql": "select 1"}'`
