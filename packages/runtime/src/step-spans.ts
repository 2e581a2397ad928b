import type { StepInput } from '@esa/actor'
import type { LockedActor, StepWrite } from '@esa/store'
import type { Cause } from './message-input.ts'
import type { Span, SpanAttributes, Tracing } from './tracing.ts'

/** A step, or several of one actor in one transaction: what they were taken for is the last one. */
export interface TracedSteps {
  id: string
  type: string
  locked: LockedActor | null
  steps: readonly StepWrite[]
  cause: Cause | null
}

/**
 * The spans of one transaction. They begin when its locks are held and end with its commit. A message's step goes on from who
 * sent it; a deadline and a command go on from what opened their actor, so that an incident is one trace to its end.
 */
export class StepSpans {
  readonly #tracing: Tracing
  readonly #since: number
  readonly #spans: Span[] = []

  constructor(tracing: Tracing) {
    this.#tracing = tracing
    this.#since = tracing.now()
  }

  /** Begins the span of steps that were taken; answers with what is to go on from it. */
  add(taken: TracedSteps): string {
    const { type, locked, steps, cause } = taken
    const opened = locked?.trace
    const span = this.#tracing.begin({
      name: `${type} ${inputName(steps.at(-1)?.input, locked)}`,
      kind: cause === null ? 'internal' : 'consumer',
      parent: cause?.trace ?? opened,
      links: opened === undefined || cause?.trace === undefined ? [] : [opened],
      since: this.#since,
      attributes: attributesOf(taken),
    })
    this.#spans.push(span)
    return span.traceparent
  }

  /** Ends them all, with what the transaction failed of. */
  end(error?: unknown): void {
    for (const span of this.#spans) span.end(error === undefined ? {} : { error })
  }
}

function inputName(input: StepInput | undefined, locked: LockedActor | null): string {
  if (input?.kind === 'event') return input.event.type
  return input?.kind === 'timer' ? `timer ${locked?.state.timer?.kind ?? ''}`.trim() : 'open'
}

function attributesOf({ id, type, steps, cause }: TracedSteps): SpanAttributes {
  const events = steps.flatMap((step) => step.events)
  const lateMs = events.find((event) => event.lateMs !== undefined)?.lateMs
  const level = events.findLast((event) => event.level !== undefined)?.level
  return {
    'esa.actor.id': id,
    'esa.actor.type': type,
    'esa.events': events.map((event) => event.type).join(' '),
    ...(cause === null
      ? {}
      : { 'esa.message.id': cause.messageId, 'esa.correlation.id': cause.correlationId }),
    ...(level === undefined ? {} : { 'esa.level': level }),
    ...(lateMs === undefined ? {} : { 'esa.late_ms': lateMs }),
  }
}
