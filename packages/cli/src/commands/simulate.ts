import type { Directory } from '@esa/org'
import { EsaError, formatDuration, type Json, parseDuration } from '@esa/protocol'
import { parseScenario, simulate, type SimulatedEvent, type SimulationResult } from '@esa/simulator'
import { columns } from '../output.ts'

/** What `esa simulate` was called with; each `at` is `MS:JSON`. */
export interface SimulateArgs {
  agent?: string
  category?: string
  at: string[]
  horizon?: string
  seed?: string
  scenario?: string
}

/** What the command takes from the world around it. */
export interface SimulateIo {
  directory: Directory
  timeScale: number
  readFile(path: string): Promise<string>
}

/**
 * `esa simulate`: one result for an agent or a scenario, an array for an array of scenarios.
 * @throws EsaError `usage.*`, `scenario.*`, `file.unreadable` or `agent.unknown` (terminal).
 */
export async function runSimulate(
  args: SimulateArgs,
  io: SimulateIo,
): Promise<SimulationResult | SimulationResult[]> {
  const given = args.scenario === undefined ? scenarioOf(args) : await readScenario(args.scenario, args, io)
  if (!Array.isArray(given)) return simulate(parseScenario(given), io)
  const scenarios = given.map(parseScenario)
  const results: SimulationResult[] = []
  for (const scenario of scenarios) results.push(await simulate(scenario, io))
  return results
}

/** A result for people: the ladder, then what happened when. */
export function formatSimulation({ path, events, outcome, end, later }: SimulationResult): string {
  const ladder = path.map(({ level, agents, waitMs, defaultWait }) => [
    `  ${level}`,
    agents.join(', '),
    `${formatDuration(waitMs)}${defaultWait ? ' (default)' : ''}`,
  ])
  const rows = events.map((event) => [
    `  ${event.atMs === 0 ? '0' : `+${clockOf(event.atMs)}`}`,
    event.type,
    event.level ?? '',
    event.actor ?? '',
    detailsOf(event),
  ])
  const scaled = end.timeScale === 1 ? '' : `, waits divided by ${end.timeScale}`
  const armed =
    end.deadlineMs === null ? '' : `; next: ${end.timerKind ?? 'timer'} at +${clockOf(end.deadlineMs)}`
  return [
    `SIMULATED on a virtual clock${scaled}: ${end.agent}, ${end.category}`,
    columns(ladder),
    '',
    columns(rows),
    '',
    `${outcome} at level ${end.level}${armed}`,
    ...(later.length === 0 ? [] : [`opened again after the end: ${later.join(', ')}`]),
  ].join('\n')
}

function scenarioOf({ agent, category, at, horizon, seed }: SimulateArgs): unknown {
  if (agent === undefined || category === undefined) {
    throw usage(
      'usage.simulate',
      'name an AGENT and a --category, or a --scenario FILE',
      'esa simulate layer-1 --category integration',
    )
  }
  return {
    agent,
    category,
    commands: at.map(readAt),
    ...(horizon === undefined ? {} : { horizonMs: horizonMsOf(horizon) }),
    ...(seed === undefined ? {} : { seed: seedOf(seed) }),
  }
}

async function readScenario(path: string, args: SimulateArgs, io: SimulateIo): Promise<unknown> {
  const { agent, category, at, horizon, seed } = args
  if ([agent, category, horizon, seed, at[0]].some((value) => value !== undefined))
    throw usage('usage.simulate', 'a --scenario FILE says everything itself', 'leave the other options out')
  let text: string
  try {
    text = await io.readFile(path)
  } catch (cause) {
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${path}`, { cause })
  }
  return parseJson(text, 'scenario.not-json', `${path} is not JSON`)
}

/** `60000:{"type":"acknowledge","as":"layer-2"}` as a scenario's command. */
function readAt(text: string): unknown {
  const [, ms, json] = /^(\d+):(.*)$/s.exec(text) ?? []
  const wanted = `--at takes MS:JSON, got ${text}`
  if (ms === undefined || json === undefined) throw usage('usage.at', wanted, AT_HINT)
  const command = parseJson(json, 'usage.at', wanted)
  if (typeof command !== 'object' || command === null || Array.isArray(command))
    throw usage('usage.at', wanted, AT_HINT)
  return { ...command, atMs: Number(ms) }
}

const AT_HINT = `--at '60000:{"type":"acknowledge","as":"layer-2"}'`

function parseJson(text: string, code: string, message: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EsaError(code, 'terminal', message, { cause })
  }
}

function horizonMsOf(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms === 0)
    throw usage('usage.horizon', `--horizon takes a duration, got ${text}`, '12h')
  return ms
}

function seedOf(text: string): number {
  if (!/^\d+$/.test(text)) throw usage('usage.seed', `--seed takes a whole number, got ${text}`, '--seed 7')
  return Number(text)
}

/** `1:30:00.001` as hours, minutes, seconds, and ms where there are any. */
function clockOf(ms: number): string {
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  const rest = ms % 1_000 === 0 ? '' : `.${String(ms % 1_000).padStart(3, '0')}`
  return `${Math.floor(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}${rest}`
}

/** What a reader of the table needs of an event's data; the whole of it is in the JSON. */
function detailsOf({ data, lateMs }: SimulatedEvent): string {
  const told = ['targets', 'agents', 'to', 'from', 'cause', 'reason', 'command', 'code', 'why']
    .filter((key) => data[key] !== undefined)
    .map((key) => `${key} ${wordsOf(data[key])}`)
  const held = typeof data['forMs'] === 'number' ? [`for ${formatDuration(data['forMs'])}`] : []
  return [...told, ...held, ...(lateMs === undefined ? [] : [`${lateMs} ms late`])].join('; ')
}

function wordsOf(value: Json | undefined): string {
  if (Array.isArray(value)) return value.map(wordsOf).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function usage(code: string, message: string, hint: string): EsaError {
  return new EsaError(code, 'terminal', message, { hint })
}
