import { formatDuration } from '@esa/protocol'
import { colours, columns } from '@esa/cli/plugin-kit'

/** One metric of a target as a watch shows it: its last reading, and the values before it, the oldest first. */
export interface Tile {
  key: string
  value: number | null
  unit: string
  promised: string
  ok: boolean | null
  at: number
  why: string | null
  history: number[]
}

/** What a watch shows at one instant; `nextAt` is null when nothing looks at the target. */
export interface Board {
  target: string
  nowMs: number
  nextAt: number | null
  tiles: Tile[]
}

const BARS = '▁▂▃▄▅▆▇█'

/** Values that a sparkline shows, the newest: what fits beside the rest in 100 columns. */
const SPARKS_MAX = 24

/** A line for people of what was measured so far: low bars are low values, whatever is good. */
export function sparkline(values: readonly number[]): string {
  const shown = values.slice(-SPARKS_MAX)
  const [low, high] = [Math.min(...shown), Math.max(...shown)]
  const bar = (value: number): string =>
    high === low ? BARS[0]! : BARS[Math.round(((value - low) / (high - low)) * (BARS.length - 1))]!
  return shown.map(bar).join('')
}

/** The board as a terminal shows it. */
export function boardText({ target, nowMs, nextAt, tiles }: Board): string {
  const next =
    nextAt === null
      ? 'not watched; start with: esa db watch --target NAME --every 60s'
      : nextAt <= nowMs
        ? 'looking now'
        : `next look in ${formatDuration(Math.ceil((nextAt - nowMs) / 1_000) * 1_000)}`
  const rows = tiles.map(({ key, value, unit, promised, ok, at, why, history }) => [
    ok === null ? colours.dim('?') : ok ? colours.green('ok') : colours.red('BREACH'),
    key,
    value === null ? '-' : `${Math.round(value * 100) / 100} ${unit}`,
    promised,
    sparkline(history),
    value === null
      ? colours.dim(why ?? '')
      : colours.dim(
          `${history.length} in all, the last ${formatDuration(Math.max(0, Math.round((nowMs - at) / 1_000)) * 1_000)} ago`,
        ),
  ])
  const head = `${colours.bold(target)}  ${next}`
  if (rows.length === 0) return `${head}\nnothing was measured yet`
  return `${head}\n${columns([['', 'METRIC', 'LAST', 'PROMISED', 'HISTORY', ''], ...rows])}`
}
