import type { StoryMoment } from '@esa/escalation'
import { useMemo } from 'react'
import { useWidth } from '../components/use-width.ts'

interface ScrubberProps {
  moments: readonly StoryMoment[]
  index: number
  at: number
  openedAt: number
  until: number
  onIndex: (index: number) => void
  onTime: (at: number) => void
}

const HEIGHT = 34

/** A slider over the events of the log, above a track of when they were; a click on the track seeks by time. */
export function Scrubber({ moments, index, at, openedAt, until, onIndex, onTime }: ScrubberProps) {
  const { ref, width } = useWidth<HTMLDivElement>()
  const span = Math.max(1, until - openedAt)
  const x = (time: number): number => ((time - openedAt) / span) * width
  // One path for all events: five thousand are one element, drawn where they fall on different pixels.
  const ticks = useMemo(() => {
    const pixels = new Set(moments.map((moment) => Math.round(((moment.at - openedAt) / span) * width)))
    return [...pixels].map((pixel) => `M${pixel} 9v16`).join('')
  }, [moments, openedAt, span, width])
  const seq = moments[index]?.seq ?? 0
  return (
    <div>
      <div ref={ref} className="min-w-0">
        {/* The slider below does the same by keyboard. */}
        <svg
          aria-hidden="true"
          width={width}
          height={HEIGHT}
          className="block cursor-pointer overflow-visible"
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId)
            seek(event)
          }}
          onPointerMove={(event) => {
            if (event.buttons === 1) seek(event)
          }}
        >
          <rect y="14" width={width} height="6" rx="3" fill="var(--raised)" stroke="var(--line)" />
          <rect y="14" width={x(at)} height="6" rx="3" fill="var(--accent)" opacity=".35" />
          <path d={ticks} stroke="var(--edge)" strokeWidth="1.5" />
          <g transform={`translate(${x(at)} 0)`}>
            <line y1="4" y2={HEIGHT - 4} stroke="var(--accent)" strokeWidth="2" />
            <path d="M-6 0h12l-6 8Z" fill="var(--accent)" />
          </g>
        </svg>
      </div>
      <input
        type="range"
        aria-label="Event"
        aria-valuetext={`event ${seq}, ${index + 1} of ${moments.length}`}
        min={0}
        max={moments.length - 1}
        value={index}
        onChange={({ target }) => onIndex(Number(target.value))}
        className="touch w-full accent-accent"
      />
    </div>
  )

  function seek(event: { clientX: number; currentTarget: SVGSVGElement }): void {
    const { left } = event.currentTarget.getBoundingClientRect()
    onTime(openedAt + ((event.clientX - left) / Math.max(1, width)) * span)
  }
}
