import { formatDuration } from '@esa/protocol'
import type { SimulatedEvent } from './simulation.ts'

const RUNGS = ['ceo', 'chief', 'domain', 'peer']
const LANE = 34
const LEFT = 62
const WIDTH = 800
const RIGHT = 24
const ANCHORS = ['start', 'middle', 'end'] as const

/** How an incident climbed, as steps over time; the table below says the same. */
export function LadderPicture({ events }: { events: readonly SimulatedEvent[] }) {
  const end = Math.max(1, ...events.map(({ atMs }) => atMs))
  const x = (atMs: number): number => LEFT + (atMs / end) * (WIDTH - LEFT - RIGHT)
  const y = (level: string): number => RUNGS.indexOf(level) * LANE + LANE / 2
  const placed = events.filter(({ level }) => level !== undefined && RUNGS.includes(level))
  const line = placed
    .map(({ atMs, level = '' }, n) => (n === 0 ? `M${x(atMs)} ${y(level)}` : `H${x(atMs)}V${y(level)}`))
    .join('')
  const height = RUNGS.length * LANE
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${height + 22}`}
      role="img"
      aria-label={`The ladder over ${formatDuration(end)}`}
      className="w-full"
    >
      {RUNGS.map((level) => (
        <g key={level}>
          <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(level)} y2={y(level)} stroke="var(--line)" />
          <text x={0} y={y(level) + 4} fontSize="13" fill="var(--muted)">
            {level === 'ceo' ? 'CEO' : level}
          </text>
        </g>
      ))}
      <path d={`${line}H${x(end)}`} fill="none" stroke="var(--quiet)" strokeWidth="3" strokeDasharray="7 4" />
      {placed.map(({ seq, atMs, level = '', type }) => (
        <circle
          key={seq}
          cx={x(atMs)}
          cy={y(level)}
          r="5"
          fill="var(--surface)"
          stroke="var(--quiet)"
          strokeWidth="2"
        >
          <title>{`${type} at +${formatDuration(atMs)}`}</title>
        </circle>
      ))}
      {[0, end / 2, end].map((atMs, n) => (
        <text
          key={atMs}
          x={x(atMs)}
          y={height + 16}
          fontSize="13"
          fill="var(--muted)"
          textAnchor={ANCHORS[n]}
        >
          {atMs === 0 ? '0' : `+${formatDuration(Math.round(atMs / 1_000) * 1_000)}`}
        </text>
      ))}
    </svg>
  )
}
