/** What a figure should be at best (`<=`) or at least (`>=`), in the figure's own unit. */
export interface Aim {
  op: '<=' | '>='
  value: number
}

/** One measured figure. `unit` is that of `value`; `spread` says how it varies. */
export interface Figure {
  what: string
  value: number
  unit: string
  aim?: Aim
  spread?: string
}

/** The value below which a share of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** `p50 4 ms, p99 9 ms, max 12 ms`. */
export function spread(samples: readonly number[]): string {
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => Math.round(percentile(samples, share)))
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`
}

/** The p99 of samples in ms, with the others beside it. */
export function lateFigure(what: string, samples: readonly number[], aim?: Aim): Figure {
  const figure = { what, value: percentile(samples, 0.99), unit: 'ms', spread: spread(samples) }
  return aim === undefined ? figure : { ...figure, aim }
}

/** Whether a figure is what it should be; null without a goal. */
export function isMet({ value, aim }: Figure): boolean | null {
  if (aim === undefined) return null
  return aim.op === '<=' ? value <= aim.value : value >= aim.value
}
