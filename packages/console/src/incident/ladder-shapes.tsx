import type { Bar, ComingBar, MarkPoint, Scale } from './ladder-drawing.ts'
import { lateText } from '../durations.ts'
import { eventWords } from './event-words.ts'

const BAR = 20

/** Narrower than this takes no word, px. */
const SHORT = 40

/** How each status is drawn: a color, and a pattern that says the same without it. */
const LOOKS: Record<string, { stroke: string; soft: string; pattern?: string }> = {
  triggered: { stroke: 'var(--warn)', soft: 'var(--warn-soft)' },
  acknowledged: { stroke: 'var(--info)', soft: 'var(--info-soft)', pattern: 'held' },
  snoozed: { stroke: 'var(--quiet)', soft: 'var(--quiet-soft)', pattern: 'quiet' },
  suppressed: { stroke: 'var(--quiet)', soft: 'var(--quiet-soft)', pattern: 'quiet' },
  exhausted: { stroke: 'var(--danger)', soft: 'var(--danger-soft)', pattern: 'gone' },
}

/** Hatchings, by name. */
export function Patterns() {
  return (
    <defs>
      <pattern id="held" width="8" height="8" patternUnits="userSpaceOnUse">
        <path d="M0 4h8" stroke="var(--info)" strokeOpacity=".22" />
      </pattern>
      <pattern id="quiet" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <path d="M0 0v8" stroke="var(--quiet)" strokeWidth="3" strokeOpacity=".25" />
      </pattern>
      <pattern id="gone" width="8" height="8" patternUnits="userSpaceOnUse">
        <path d="m0 0 8 8m0-8-8 8" stroke="var(--danger)" strokeOpacity=".35" />
      </pattern>
    </defs>
  )
}

/** Of bars that end on the same pixel the last one: what is thinner is drawn over anyway, and may be there thousands of times. */
function visible(bars: readonly Bar[], scale: Scale, now: number): Bar[] {
  const byPixel = new Map(bars.map((bar) => [Math.round(scale(bar.to ?? now)), bar]))
  return [...byPixel.values()]
}

/** What happened, solid; the part of the running one that is still to come, dashed. */
export function PastBars({
  bars,
  scale,
  now,
  dueAt,
}: {
  bars: readonly Bar[]
  scale: Scale
  now: number
  dueAt: number | null
}) {
  return visible(bars, scale, now).map((bar) => {
    const x = scale(bar.from)
    const end = scale(bar.to ?? now)
    const due = bar.to === null && dueAt !== null && dueAt > now ? scale(dueAt) : end
    const { stroke, soft, pattern } = LOOKS[bar.status] ?? { stroke: 'var(--edge)', soft: 'var(--raised)' }
    const width = Math.max(2, end - x)
    // Beside a part that is too short for words.
    const labelX = width < SHORT && due > end ? end + 7 : x + 7
    return (
      <g key={bar.seq}>
        {due > end ? (
          <rect
            x={end}
            width={due - end}
            height={BAR}
            fill="none"
            stroke={stroke}
            strokeDasharray="4 3"
            rx="3"
          />
        ) : null}
        <rect x={x} width={width} height={BAR} rx="3" fill={soft} stroke={stroke} strokeWidth="1.5" />
        {pattern === undefined ? null : (
          <rect x={x} width={width} height={BAR} rx="3" fill={`url(#${pattern})`} />
        )}
        <Label x={labelX} room={due - labelX - 6} text={bar.label} fill={stroke} />
        <title>{bar.label}</title>
      </g>
    )
  })
}

/** What comes without an answer. */
export function ComingBars({ bars, scale, now }: { bars: readonly ComingBar[]; scale: Scale; now: number }) {
  return bars
    .filter(({ to }) => to > now)
    .map(({ from, to, label }) => {
      const x = scale(Math.max(from, now))
      // Beyond the picture's edge the clip of the page takes over.
      const width = Math.max(2, scale(to) - x)
      return (
        <g key={`${from} ${label}`}>
          <rect
            x={x}
            width={width}
            height={BAR}
            rx="3"
            fill="none"
            stroke="var(--edge)"
            strokeWidth="1.5"
            strokeDasharray="5 4"
          />
          <Label x={x + 7} room={width - 12} text={label} fill="var(--muted)" />
          <title>{label}</title>
        </g>
      )
    })
}

/** About as wide as a letter of this size is, px. */
const LETTER = 6.9

/** As much of a text as there is room for; nothing where a word would not fit. */
function Label({ x, room, text, fill }: { x: number; room: number; text: string; fill: string }) {
  const letters = Math.floor(room / LETTER)
  if (letters < 4) return null
  const shown = text.length <= letters ? text : `${text.slice(0, letters - 1)}…`
  return (
    <text x={x} y={BAR / 2 + 4} fill={fill} fontWeight="500">
      {shown}
    </text>
  )
}

/** Marks closer than this would hide each other, px. */
const APART = 9

/** A timer that was served later than the promise of a second, ms. */
const LATE_MS = 1_000

const SHAPES: Record<string, string> = {
  'incident.acknowledged': 'm-4 0 3 3 5 -6',
  'incident.declined': 'm-3 -3 6 6m0 -6 -6 6',
  'command.refused': 'm-3 -3 6 6m0 -6 -6 6',
  'incident.raised': 'M0 4v-8m-3 3 3 -3 3 3',
  'incident.escalated': 'M0 4v-8m-3 3 3 -3 3 3',
  'incident.resolved': 'm-4 0 3 3 5 -6',
}

/** What happened at one instant; where many did, the last of them represents all. */
export function Marks({ marks, scale }: { marks: readonly MarkPoint[]; scale: Scale }) {
  const shown: { mark: MarkPoint; x: number; late: number }[] = []
  for (const mark of marks) {
    const x = scale(mark.at)
    const last = shown.at(-1)
    if (last !== undefined && x - last.x < APART)
      shown[shown.length - 1] = { mark, x: last.x, late: Math.max(last.late, mark.lateMs) }
    else shown.push({ mark, x, late: mark.lateMs })
  }
  return shown.map(({ mark, x, late }) => (
    <g key={mark.seq} transform={`translate(${x} ${BAR + 4})`}>
      <title>{eventWords(mark.event)}</title>
      <circle
        r="5"
        fill="var(--surface)"
        stroke={late > LATE_MS ? 'var(--danger)' : 'var(--ink)'}
        strokeWidth="1.5"
      />
      {SHAPES[mark.type] === undefined ? (
        <circle r="2" fill="var(--ink)" />
      ) : (
        <path
          d={SHAPES[mark.type]}
          stroke="var(--ink)"
          strokeWidth="1.6"
          fill="none"
          transform="scale(.75)"
        />
      )}
      {late > LATE_MS ? (
        <text x="8" y="16" fill="var(--danger)" fontWeight="600">
          {lateText(late)} late
        </text>
      ) : null}
    </g>
  ))
}
