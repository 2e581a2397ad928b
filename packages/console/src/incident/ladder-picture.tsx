import type { Story, StoryMoment, TimelineEvent } from '@esa/escalation'
import { formatDuration } from '@esa/protocol'
import { memo, useMemo } from 'react'
import { agentNames } from '../agent-names.ts'
import { useServerNow } from '../clock.ts'
import { useWidth } from '../components/use-width.ts'
import { clockText } from '../durations.ts'
import { type Drawing, drawLadder, type Lane, type Scale, ticksBetween } from './ladder-drawing.ts'
import { ComingBars, Marks, PastBars, Patterns } from './ladder-shapes.tsx'

const LANE = 54
/** A tier that this incident's path leaves out is only named. */
const LANE_OFF = 22
const AXIS = 24
/** Room for the word at the now-line. */
const TOP = 14

/** Letters that a line would run through stand out from it. */
const HALO = {
  stroke: 'var(--surface)',
  strokeWidth: 4,
  paintOrder: 'stroke',
  strokeLinejoin: 'round',
} as const

interface LadderPictureProps {
  story: Story
  events: readonly TimelineEvent[]
  /** The moment that is drawn. */
  moment: StoryMoment
  /** The time of the now-line; null: the server's clock, as it runs. */
  now: number | null
}

/** The ladder over time: a lane for each tier, what happened solid, what comes dashed, and where now is. */
export function LadderPicture({ story, events, moment, now }: LadderPictureProps) {
  const { ref, width } = useWidth<HTMLDivElement>()
  const drawing = useMemo(() => drawLadder(story, events, moment), [story, events, moment])
  return (
    <div ref={ref} className="min-w-0">
      {width === 0 ? null : now === null && !drawing.closed ? (
        <Running drawing={drawing} width={width} dueAt={moment.dueAt} />
      ) : (
        <Still
          drawing={drawing}
          width={width}
          now={now ?? moment.at}
          dueAt={moment.dueAt}
          label={clockText(now ?? moment.at, moment.at, true)}
        />
      )}
    </div>
  )
}

function Running(props: { drawing: Drawing; width: number; dueAt: number | null }) {
  return <Still {...props} now={useServerNow(1_000)} label="now" />
}

function Still({
  drawing,
  width,
  now,
  dueAt,
  label,
}: {
  drawing: Drawing
  width: number
  now: number
  dueAt: number | null
  /** The word at the now-line. */
  label: string
}) {
  const { from, closed } = drawing
  const until = Math.max(drawing.until, now)
  const left = 14
  const scale: Scale = (at) => left + ((at - from) / (until - from)) * (width - 2 * left)
  const tops: number[] = []
  let height = TOP
  for (const { waitMs } of drawing.lanes) {
    tops.push(height)
    height += waitMs === null ? LANE_OFF : LANE
  }
  return (
    <svg
      role="img"
      aria-label={summaryOf(drawing)}
      width={width}
      height={height + AXIS}
      className="block overflow-visible text-[12px]"
    >
      <Patterns />
      <Axis from={from} until={until} scale={scale} width={width} height={height} now={now} />
      {closed ? null : <NowLine label={label} x={scale(now)} height={height} width={width} />}
      {drawing.lanes.map((lane, n) => (
        <LaneDrawing
          key={lane.level}
          lane={lane}
          top={tops[n] ?? 0}
          scale={scale}
          width={width}
          now={now}
          dueAt={dueAt}
        />
      ))}
    </svg>
  )
}

interface LaneDrawingProps {
  lane: Lane
  top: number
  scale: Scale
  width: number
  now: number
  dueAt: number | null
}

function LaneDrawing({ lane, top, scale, width, now, dueAt }: LaneDrawingProps) {
  const { level, agents, waitMs, toldFrom } = lane
  const name = level === 'ceo' ? 'CEO' : level
  return (
    <g transform={`translate(0 ${top})`}>
      <line x1="0" x2={width} y1="0" y2="0" stroke="var(--line)" />
      <text x="14" y="16" fill="var(--muted)" {...HALO}>
        <tspan fontWeight="600" fill={waitMs === null ? 'var(--muted)' : 'var(--ink)'}>
          {name}
        </tspan>
        {waitMs === null
          ? ' · not on this path'
          : ` · ${level === 'ceo' ? '' : `${agentNames(agents)} · `}${formatDuration(waitMs)} to answer`}
      </text>
      {waitMs === null ? null : (
        <g transform="translate(0 22)">
          {toldFrom === null ? null : (
            <line x1={scale(toldFrom)} x2={scale(now)} y1="24" y2="24" stroke="var(--edge)" strokeWidth="2">
              <title>Still notified</title>
            </line>
          )}
          <PastBars bars={lane.bars} scale={scale} now={now} dueAt={dueAt} />
          <ComingBars bars={lane.coming} scale={scale} now={now} />
          <Marks marks={lane.marks} scale={scale} />
        </g>
      )}
    </g>
  )
}

const Axis = memo(function Axis({
  from,
  until,
  scale,
  width,
  height,
  now,
}: {
  from: number
  until: number
  scale: Scale
  width: number
  height: number
  now: number
}) {
  const ticks = ticksBetween(from, until, Math.max(2, width / 95))
  return (
    <g>
      <line x1="0" x2={width} y1={height} y2={height} stroke="var(--line)" />
      {ticks.map(({ at, stepMs }) => (
        <g key={at} transform={`translate(${scale(at)} 0)`}>
          <line y1={TOP} y2={height + 4} stroke="var(--line)" strokeDasharray="1 3" />
          <text
            y={height + 18}
            textAnchor={scale(at) > width - 24 ? 'end' : scale(at) < 24 ? 'start' : 'middle'}
            fill="var(--muted)"
            className="figures"
          >
            {clockText(at, now, stepMs < 60_000)}
          </text>
        </g>
      ))}
    </g>
  )
})

function NowLine({ label, x, height, width }: { label: string; x: number; height: number; width: number }) {
  const atEnd = x > width - 50
  return (
    <g transform={`translate(${x} ${TOP - 2})`}>
      <line y1="0" y2={height - TOP + 2} stroke="var(--accent)" strokeWidth="2" />
      <path d="M-5 -8h10l-5 8Z" fill="var(--accent)" />
      <text
        x={atEnd ? -8 : 8}
        y="-1"
        textAnchor={atEnd ? 'end' : 'start'}
        fill="var(--accent)"
        fontWeight="700"
      >
        {label}
      </text>
    </g>
  )
}

function summaryOf({ lanes, closed }: Drawing): string {
  const told = lanes.filter(({ toldFrom }) => toldFrom !== null).map(({ level }) => level)
  const coming = lanes.flatMap((lane) => lane.coming)
  const next = coming.toSorted((a, b) => a.from - b.from).map(({ label }) => label)
  const future = closed ? 'It is closed.' : next.length === 0 ? '' : `Next: ${next.join(', then ')}.`
  return `Ladder over time. Notified so far: ${told.toReversed().join(', ') || 'no one'}. ${future} The table below says the same.`
}
