import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useServerNow } from '../clock.ts'
import { clockText, dayText } from '../durations.ts'
import { useTheme } from '../theme.ts'
import { useWidth } from './use-width.ts'

/** A value of a history; null where nothing could be measured. */
export interface HistoryPoint {
  at: string
  value: number | null
}

interface HistoryChartProps {
  /** What is drawn, for screen readers; the table beside it has every value. */
  label: string
  unit: string
  points: readonly HistoryPoint[]
  /** Drawn as a dashed line. */
  threshold: number
}

const HEIGHT = 120
const MINUTE_MS = 60_000

/** A line over time with what is promised as a dashed line. Loaded when it is needed: it weighs as much as a small page. */
export function HistoryChart(props: HistoryChartProps) {
  const [theme] = useTheme()
  const night = useNight()
  // Colors are read when the chart is made: another theme makes another chart.
  return <Drawn key={`${theme} ${night}`} {...props} />
}

function Drawn({ label, unit, points, threshold }: HistoryChartProps) {
  const { ref, width } = useWidth<HTMLDivElement>()
  const probe = useRef<HTMLSpanElement>(null)
  const now = useServerNow(MINUTE_MS)
  const [pointed, setPointed] = useState<number | null>(null)
  useEffect(() => {
    if (ref.current === null || probe.current === null || width === 0) return
    const chart = new uPlot(
      optionsFor({ width, threshold, points, color: colorOf(probe.current), onPoint: setPointed }),
      [
        points.map(({ at }) => Date.parse(at) / 1_000),
        points.map(({ value }) => value),
        points.map(() => threshold),
      ],
      ref.current,
    )
    return () => chart.destroy()
  }, [ref, width, points, threshold])
  const point = pointed === null ? undefined : points[pointed]
  return (
    <div>
      <div ref={ref} role="img" aria-label={label} style={{ height: HEIGHT }} />
      <span ref={probe} hidden />
      <p aria-hidden="true" className="figures h-5 text-sm text-muted">
        {point === undefined
          ? ''
          : `${clockText(Date.parse(point.at), now)}: ${point.value === null ? 'not measured' : `${round(point.value)} ${unit}`}`}
      </p>
    </div>
  )
}

type Color = (token: string) => string

interface Drawing {
  width: number
  threshold: number
  points: readonly HistoryPoint[]
  color: Color
  onPoint: (index: number | null) => void
}

function optionsFor({ width, threshold, points, color, onPoint }: Drawing): uPlot.Options {
  const axis = {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '11px sans-serif',
  }
  const values = [...points.flatMap(({ value }) => value ?? []), threshold]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const room = (high - low) * 0.1 || 1
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [6, 6, 0, 0],
    cursor: { y: false, points: { size: 7 } },
    scales: { y: { range: [low < 0 ? low - room : Math.max(0, low - room), high + room] } },
    axes: [
      { ...axis, space: 70, size: 26, values: (_, splits) => splits.map(axisTime) },
      { ...axis, size: 44, space: 28 },
    ],
    series: [
      {},
      { stroke: color('--accent'), width: 2, points: { show: points.length < 3 } },
      { stroke: color('--danger'), width: 1.5, dash: [6, 5], points: { show: false } },
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => onPoint(idx ?? null)] },
  }
}

/** A tick says the time, and at midnight the day that begins. */
function axisTime(seconds: number): string {
  const at = seconds * 1_000
  const midnight = new Date(at).setHours(0, 0, 0, 0) === at
  return midnight ? dayText(at) : clockText(at, at)
}

/** A canvas knows no CSS variables: the computed color of an element is read. */
function colorOf(probe: HTMLElement): Color {
  return (token) => {
    probe.style.color = `var(${token})`
    return getComputedStyle(probe).color
  }
}

/** True while the system asks for dark colors. */
function useNight(): boolean {
  const [night, setNight] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)')
    const changed = (): void => setNight(media.matches)
    media.addEventListener('change', changed)
    return () => media.removeEventListener('change', changed)
  }, [])
  return night
}

/** A measured value, short. */
function round(value: number): number {
  return Math.round(value * 100) / 100
}
