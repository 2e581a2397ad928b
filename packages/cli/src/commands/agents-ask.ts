import { type Asked, askAgent } from '@esa/operations'
import { EsaError, type JsonObject } from '@esa/protocol'
import { findingsText } from '../findings-text.ts'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { durationFlag } from '../flags.ts'
import { answer, columns, note } from '../output.ts'
import { inWorld } from '../world.ts'

/** Options of `esa agents ask`. */
export interface AskFlags {
  target?: string
  data?: string
  wait?: string
}

/** Asks an agent in plain words. @throws EsaError `agent.unknown`, `usage.ask` (terminal), `auth.*`. */
export async function ask(config: Config, agent: string, question: string, flags: AskFlags): Promise<void> {
  const waits = flags.wait === undefined ? {} : { waitMs: durationFlag('--wait', flags.wait) }
  const asked = { agent, question, data: dataOf(flags), ...waits }
  if (process.stderr.isTTY) note(colours.dim(`asking ${agent}; Ctrl-C leaves the question with it`))
  await inWorld(config, async (world) => {
    const found = await askAgent(world, asked)
    answer(config, found, () => (found.intent === null ? listing(found) : answerText(found)))
  })
}

function answerText(asked: Asked): string {
  const { intent, because, others = [] } = asked
  const meant = `${intent!.id} (${intent!.about}), because of ${because}`
  const beside = others.length === 0 ? '' : `; else: ${others.join(', ')}`
  return [colours.dim(`${meant}${beside}`), said(asked)].join('\n')
}

function said({ message, answer: found, waits }: Asked): string {
  if (waits !== undefined) return `${waits}; see: esa tasks show ${message}`
  if (typeof found === 'string') return found
  const { findings } = (found ?? {}) as { findings?: Parameters<typeof findingsText>[0] }
  return findings === undefined ? JSON.stringify(found, null, 2) : findingsText(findings)
}

function listing({ agent, canBeAsked = [] }: Asked): string {
  const rows = canBeAsked.map(({ id, about, needs }) => [
    `  ${id}`,
    about,
    needs.length === 0 ? '' : colours.dim(`--data with ${needs.join(', ')}`),
  ])
  return [`${agent} knows no word of that. It can answer:`, columns(rows)].join('\n')
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
