import type { SendParams } from '@esa/actor'
import { type Json, type JsonObject, textOf } from '@esa/protocol'
import { type Decision, evidenceOf, type Notice } from './mind.ts'
import { objectOf } from './records.ts'

/** Observations that a measured position rests on at least: fewer are an anecdote. */
const SAMPLES_MIN = 20

/** How much better the best position is than the next: closer ones are a matter of judgment. */
const LEAD_MIN = 0.1

/** One position of a conflict, with what was measured for it. */
type Measured = { position: string; by: string; value: number; samples: number }

/**
 * Decides a conflict by evidence: every position was measured by the same measure, and one is clearly the best.
 * `because` says why it decides, or why it cannot: opinions are not weighed here.
 */
export function mediate(evidence: Json | undefined): {
  decision: string | null
  because: string
  parties: string[]
} {
  const { measure, better, positions } = objectOf(evidence)
  const measured = (Array.isArray(positions) ? positions : []).map(measuredOf)
  const parties = measured.flatMap((one) => (one === null || one.by === '' ? [] : [one.by]))
  const cannot = (because: string): ReturnType<typeof mediate> => ({ decision: null, because, parties })
  if (measured.length < 2 || measured.includes(null) || textOf(measure) === '')
    return cannot('not every position comes with what was measured for it')
  if (better !== 'lower' && better !== 'higher')
    return cannot('the evidence does not say whether lower or higher is better')
  const all = measured as Measured[]
  const few = all.filter(({ samples }) => samples < SAMPLES_MIN)
  if (few.length > 0)
    return cannot(`fewer than ${SAMPLES_MIN} samples speak for: ${few.map((one) => one.position).join(', ')}`)
  const sign = better === 'lower' ? 1 : -1
  const [best, next] = all.toSorted((a, b) => sign * (a.value - b.value)) as [Measured, Measured]
  const lead = Math.abs(next.value - best.value) / Math.max(Math.abs(next.value), Number.EPSILON)
  if (lead < LEAD_MIN) return cannot(`${textOf(measure)} differs by ${Math.round(lead * 100)} % only`)
  const because = `${textOf(measure)} is ${best.value} for it and ${next.value} for "${next.position}", over ${best.samples} and ${next.samples} samples`
  return { decision: best.position, because, parties }
}

/**
 * Decides the incident of a conflict that its parties left unsettled. What was measured is in the message that named the
 * conflict; the decision goes to all parties, in the conflict's own thread, where it settles it: then the agent that
 * opened the incident takes it back. `judges` says for whom the mediator decides, `more` is what its decisions say besides.
 */
export function mediateClimbed(
  notice: Notice,
  judges: (parties: string[]) => string | null,
  more: JsonObject = {},
): Decision {
  const evidence = evidenceOf(notice)
  const said = objectOf(evidence['body'])['evidence']
  const { decision, because, parties } = mediate(said ?? evidence)
  const told = [...new Set([notice.agent, ...parties])]
  const refusal = decision === null ? because : judges(told)
  if (refusal !== null) return { kind: 'cannot-decide', because: refusal }
  const thread = textOf(evidence['thread'])
  const inThread = thread === '' ? {} : { thread }
  const body: JsonObject = { decision, because, ...more, incidentId: notice.incidentId, ...inThread }
  const send = told.map((to): SendParams => ({ to, type: 'decision', body, ...inThread }))
  return { kind: 'acknowledge', because: `${textOf(decision)}: ${because}`, change: { send } }
}

function measuredOf(position: Json): Measured | null {
  const { position: name, by, value, samples } = objectOf(position)
  if (textOf(name) === '' || typeof value !== 'number' || typeof samples !== 'number') return null
  return { position: textOf(name), by: textOf(by), value, samples }
}
