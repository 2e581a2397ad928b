import { type Level, LEVELS } from '@esa/protocol'
import type { IncidentFact } from './figure-sources.ts'
import { percentile } from './percentile.ts'

const MINUTE_MS = 60_000

/** How soon each level answers, ms. Source: docs/protocol.md, "Who answers". */
const TARGET_MS: Record<Level, number> = {
  peer: 30 * MINUTE_MS,
  domain: 30 * MINUTE_MS,
  chief: 60 * MINUTE_MS,
  ceo: 120 * MINUTE_MS,
}

/**
 * How one level answers. `told` counts the tellings that are decided: answered, or past their target. `withinTarget` is
 * the share of those that were answered in time; null where there was none.
 */
export interface LevelResponse {
  level: Level
  told: number
  answered: number
  p50Ms: number | null
  p95Ms: number | null
  targetMs: number
  withinTarget: number | null
}

/** Agents were notified, and none of that level has answered yet. */
interface Telling {
  level: string
  at: number
}

/**
 * Notified to acknowledged, level by level. A round ends with an acknowledgement, with a resolve, which answers too, or
 * with the next telling: then it was not answered. One that is still in time is not counted. Times are real ms; a scaled
 * incident is measured against its scaled target.
 */
export function responses(facts: readonly IncidentFact[], nowMs: number): LevelResponse[] {
  const answers = new Map<string, number[]>()
  const [told, inTime] = [new Map<string, number>(), new Map<string, number>()]
  const count = (counts: Map<string, number>, level: string) =>
    counts.set(level, (counts.get(level) ?? 0) + 1)
  const targetOf = (level: string, scale: number): number => (TARGET_MS[level as Level] ?? 0) / scale
  const decide = ({ level, at }: Telling, end: number, answered: boolean, scale: number): void => {
    count(told, level)
    if (!answered) return
    const times = answers.get(level) ?? []
    times.push(end - at)
    answers.set(level, times)
    if (end - at <= targetOf(level, scale)) count(inTime, level)
  }
  for (const stream of streamsOf(facts)) {
    let telling: Telling | null = null
    let scale = 1
    for (const { type, at, level, fields } of stream) {
      if (type === 'incident.opened') scale = Number(fields[1] ?? 1)
      const answer = type === 'incident.acknowledged' || type === 'incident.resolved'
      if (telling !== null && (answer || type === 'incident.notified')) decide(telling, at, answer, scale)
      if (type === 'incident.notified') telling = { level, at }
      else if (answer || type === 'incident.withdrawn') telling = null
    }
    if (telling !== null && nowMs - telling.at > targetOf(telling.level, scale))
      decide(telling, nowMs, false, scale)
  }
  return LEVELS.map((level) => {
    const sorted = (answers.get(level) ?? []).toSorted((a, b) => a - b)
    const decided = told.get(level) ?? 0
    return {
      level,
      told: decided,
      answered: sorted.length,
      p50Ms: percentile(sorted, 0.5),
      p95Ms: percentile(sorted, 0.95),
      targetMs: TARGET_MS[level],
      withinTarget: decided === 0 ? null : (inTime.get(level) ?? 0) / decided,
    }
  })
}

/** Facts by incident, each in order; what a window cut off at its beginning is just missing. */
function streamsOf(facts: readonly IncidentFact[]): Iterable<IncidentFact[]> {
  const streams = new Map<string, IncidentFact[]>()
  for (const fact of facts) {
    const stream = streams.get(fact.stream)
    if (stream === undefined) streams.set(fact.stream, [fact])
    else stream.push(fact)
  }
  for (const stream of streams.values()) stream.sort((a, b) => a.seq - b.seq)
  return streams.values()
}
