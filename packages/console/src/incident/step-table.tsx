import type { ForecastStep, PathStep, TimelineEvent } from '@esa/escalation'
import { agentNames, sentence } from '../agent-names.ts'
import { LevelMark } from '../components/badges.tsx'
import { Icon } from '../components/icon.tsx'
import { clockText, countdownText, lateText } from '../durations.ts'
import { stepWords } from './coming.ts'
import { actorWords, eventWords, isStep } from './event-words.ts'

/** Steps that stand below the picture; the whole log is one tab away. */
const STEPS_MAX = 60

/** Served later than this is marked, ms: the promise for a deadline. */
const LATE_MS = 1_000

interface StepTableProps {
  events: readonly TimelineEvent[]
  coming: readonly ForecastStep[]
  /** The time that times of day are relative to, ms. */
  now: number
  card: string | null
  path: readonly PathStep[]
  /** The text of a line of the card, by its number. */
  said: ReadonlyMap<number, string>
}

/** The picture as a table: what comes, then what happened, the newest first, each with the card's line behind it. */
export function StepTable({ events, coming, now, card, path, said }: StepTableProps) {
  const steps = events.filter(isStep).toReversed()
  return (
    // A region that scrolls has to be reachable without a mouse.
    <div
      role="region"
      aria-label="Steps"
      tabIndex={0}
      className="overflow-x-auto rounded-md border bg-surface"
    >
      <table className="w-full border-collapse">
        <caption className="sr-only">Steps to come and steps taken, the newest first</caption>
        <thead>
          <tr className="border-b bg-raised text-sm text-muted">
            {['Time', 'Tier', 'What', 'Who'].map((head) => (
              <th key={head} scope="col" className="px-3 py-1.5 max-sm:last:hidden">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {coming.toReversed().map((step) => (
            <tr key={`${step.at} ${step.what}`} className="border-b border-dashed align-top text-muted">
              <td className="figures px-3 py-1.5 whitespace-nowrap">{clockText(step.at, now, true)}</td>
              <td className="px-3 py-1.5">
                <LevelMark level={step.level} />
              </td>
              <td className="px-3 py-1.5">
                <span className="inline-flex items-center gap-1.5">
                  <Icon name="clock" /> {comingWords(step)}
                </span>
                {step.what === 'told' ? (
                  <CardLine line={lineOf(path, step.level)} card={card} said={said} />
                ) : null}
              </td>
              <td className="px-3 py-1.5 whitespace-nowrap max-sm:hidden">without an answer</td>
            </tr>
          ))}
          {steps.slice(0, STEPS_MAX).map((event) => (
            <Step key={event.seq} event={event} now={now} card={card} said={said} />
          ))}
        </tbody>
      </table>
      {steps.length > STEPS_MAX ? (
        <p className="border-t px-3 py-2 text-muted">
          {steps.length - STEPS_MAX} earlier steps are under Events.
        </p>
      ) : null}
    </div>
  )
}

function lineOf(path: readonly PathStep[], level: string): number | null {
  return path.find((rung) => rung.level === level)?.cardLine ?? null
}

function comingWords(step: ForecastStep): string {
  if (step.what === 'told') return sentence(`${agentNames(step.agents)} will be notified`)
  if (step.what === 'told-again') return sentence(`${agentNames(step.agents)} will be notified again`)
  return sentence(stepWords(step))
}

function Step({
  event,
  now,
  card,
  said,
}: Pick<StepTableProps, 'now' | 'card' | 'said'> & { event: TimelineEvent }) {
  const { at, sinceMs, level, lateMs, data } = event
  return (
    <tr className="border-b align-top last:border-b-0">
      <td className="px-3 py-1.5 whitespace-nowrap">
        <time dateTime={at} title={at} className="figures">
          {clockText(Date.parse(at), now, true)}
        </time>
        <span className="figures block text-sm text-muted sm:ml-1.5 sm:inline">
          +{countdownText(sinceMs)}
        </span>
      </td>
      <td className="px-3 py-1.5">{level === undefined ? null : <LevelMark level={level} />}</td>
      <td className="min-w-44 px-3 py-1.5 break-words">
        <bdi>{sentence(eventWords(event))}</bdi>
        {typeof data['cause'] === 'string' && event.type !== 'incident.resolved' ? (
          <span className="text-muted"> · {data['cause']}</span>
        ) : null}
        {lateMs === undefined ? null : <Late ms={lateMs} />}
        {event.actor === undefined ? null : (
          <span className="text-muted sm:hidden">
            {' '}
            · <bdi>{actorWords(event)}</bdi>
          </span>
        )}
        <CardLine line={data['cardLine']} card={card} said={said} />
      </td>
      <td className="px-3 py-1.5 max-sm:hidden">
        <bdi>{sentence(actorWords(event))}</bdi>
      </td>
    </tr>
  )
}

/** How late a timer was served: loud where it broke the promise. */
function Late({ ms }: { ms: number }) {
  return ms > LATE_MS ? (
    <strong className="ml-2 inline-flex items-center gap-1 whitespace-nowrap text-danger">
      <Icon name="warning" /> fired {lateText(ms)} late
    </strong>
  ) : (
    <span className="ml-2 text-sm whitespace-nowrap text-muted">timer {lateText(ms)} late</span>
  )
}

function CardLine({ line, card, said }: Pick<StepTableProps, 'card' | 'said'> & { line: unknown }) {
  if (typeof line !== 'number') return null
  if (card === null)
    return (
      <span className="block text-sm text-muted">
        because of line {line} of a card that reads differently now
      </span>
    )
  const words = said.get(line)
  return (
    <span className="block text-sm text-muted">
      because of{' '}
      <code className="font-mono wrap-anywhere">
        {card}:{line}
      </code>
      {words === undefined ? null : <> · {words}</>}
    </span>
  )
}
