import type { OperatorFigures } from '@esa/escalation'
import { formatDuration } from '@esa/protocol'
import { colours } from './colours.ts'

/** The figures for people, as rows of a name and a text. What needs attention is yellow. */
export function figureRows(figures: OperatorFigures): string[][] {
  const { open, overdue, exhaustedCount, suppressed, acks, passed, notices, sweep, clock } = figures
  const silenced = suppressed.silenced === 0 ? '' : `, ${suppressed.silenced} by a silence`
  return [
    ['open', `${open.total} (${countsOf(open.byStatus)})`],
    ...open.levels.filter((level) => level.open > 0).map((level) => [`  ${level.level}`, standing(level)]),
    ['overdue', loud(overdue)],
    ['exhausted', loud(exhaustedCount, 'no level answered')],
    ['suppressed', `${suppressed.count}${silenced}`],
    [
      'acknowledged',
      acks.count === 0 ? '0' : `${acks.count}, the oldest for ${formatDuration(acks.oldestMs ?? 0)}`,
    ],
    [
      'levels passed',
      `${loud(passed.total)}${inLast(passed)}${passed.total === 0 ? '' : `: ${countsOf(passed.byLevel)}`}`,
    ],
    ['notices', `${loud(notices.failed)} failed, ${notices.dropped} dropped${inLast(notices)}`],
    ['lateness', lateness(figures)],
    ['resolved at', shares(figures)],
    ['emergencies', emergencies(figures)],
    ...answers(figures),
    ['sweep', sweep.ageMs === null ? 'no worker tells' : `last turn ${formatDuration(sweep.ageMs)} ago`],
    ['clocks', clock.skewMs === null ? 'no worker tells' : `at most ${clock.skewMs} ms from the store's`],
  ]
}

function standing({ open, overdue, toDeadlineMs }: OperatorFigures['open']['levels'][number]): string {
  const next = toDeadlineMs === null ? '' : `, the next deadline in ${formatDuration(toDeadlineMs)}`
  return `${open}${overdue === 0 ? '' : `, ${loud(overdue)} overdue`}${next}`
}

function lateness({
  lateness: { samples, p50Ms, p99Ms, maxMs, promiseMs, ...window },
}: OperatorFigures): string {
  if (samples === 0) return `no deadline served${inLast(window)}`
  const worst = (maxMs ?? 0) > promiseMs ? colours.yellow(`max ${maxMs} ms`) : `max ${maxMs} ms`
  return `p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${worst} of ${samples} (promise ${promiseMs} ms)${inLast(window)}`
}

function shares({ resolved }: OperatorFigures): string {
  const levels = resolved.levels.map(({ level, n, share, healthy }) =>
    share === null ? `${level} ${n}` : `${level} ${percent(share)} (healthy ${percent(healthy)})`,
  )
  return `${levels.join(', ')}; of ${resolved.n}${resolved.tooFew ? ', too few to tell shares' : ''}${inLast(resolved)}`
}

function emergencies({
  emergencies: { n, opened, share, healthyBelow, ...window },
}: OperatorFigures): string {
  const told = share === null ? 'too few to tell a share' : percent(share)
  return `${n} of ${opened} opened, ${told} (healthy below ${percent(healthyBelow)})${inLast(window)}`
}

function answers({ response }: OperatorFigures): string[][] {
  return response.levels
    .filter(({ told }) => told > 0)
    .map(({ level, told, answered, p50Ms, p95Ms, withinTarget, targetMs }) => {
      const times = answered === 0 ? '' : `p50 ${formatDuration(p50Ms!)}, p95 ${formatDuration(p95Ms!)}; `
      const share = `${percent(withinTarget ?? 0)} within ${formatDuration(targetMs)}`
      return [`answers, ${level}`, `${times}${share}; ${answered} of ${told} notified${inLast(response)}`]
    })
}

function countsOf(record: Record<string, number>): string {
  const counts = Object.entries(record).map(([key, n]) => `${n} ${key}`)
  return counts.join(', ') || 'none'
}

function inLast({
  windowMs,
  sinceAt,
  complete,
}: {
  windowMs: number
  sinceAt: string
  complete: boolean
}): string {
  return complete ? ` in ${formatDuration(windowMs)}` : ` since ${sinceAt}`
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}

function loud(n: number, why = ''): string {
  return n === 0 ? '0' : colours.yellow(`${n}${why === '' ? '' : `: ${why}`}`)
}
