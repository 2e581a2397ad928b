import type { Story, TimelineEvent } from '@esa/escalation'
import { useState } from 'react'
import { sentence } from '../agent-names.ts'
import { Icon } from '../components/icon.tsx'
import { clockText, countdownText } from '../durations.ts'
import { useHotkeys } from '../hotkeys.ts'
import { eventWords } from './event-words.ts'
import { LadderPicture } from './ladder-picture.tsx'
import { MomentFacts } from './moment-facts.tsx'
import { ReplayControls } from './replay-controls.tsx'
import { Scrubber } from './scrubber.tsx'
import { SPEEDS, usePlayback } from './use-playback.ts'

interface ReplayPanelProps {
  story: Story
  events: readonly TimelineEvent[]
  /** The event of the permalink, or null for the first. */
  seq: number | null
  onSeq: (seq: number) => void
}

/** The story again, as it was at any of its events: a fold over the log that sends nothing. */
export function ReplayPanel({ story, events, seq, onSeq }: ReplayPanelProps) {
  const { moments, openedAt } = story
  const index = Math.max(0, seq === null ? 0 : moments.findLastIndex((moment) => moment.seq <= seq))
  const moment = moments[index] ?? moments[0]!
  const event = events[index]
  // Between two events time runs on; a jump to an event sets it there.
  const [time, setTime] = useState(moment.at)
  const until = moments.at(-1)?.at ?? openedAt
  const shownAt = timeAt(moments, index, time)
  const goTo = (next: number): void => {
    const to = moments[Math.min(Math.max(next, 0), moments.length - 1)]
    if (to === undefined) return
    setTime(to.at)
    if (to.seq !== moment.seq) onSeq(to.seq)
  }
  const goToTime = (at: number): void => {
    const bounded = Math.min(Math.max(at, openedAt), until)
    setTime(bounded)
    const to = moments[indexAt(moments, bounded)]
    if (to !== undefined && to.seq !== moment.seq) onSeq(to.seq)
  }
  const playback = usePlayback({ at: shownAt >= until ? openedAt : shownAt, until, onTime: goToTime })
  const jump = (next: number): void => {
    playback.pause()
    goTo(next)
  }
  const faster = (by: 1 | -1): void => {
    const at = SPEEDS.findIndex((speed) => speed === playback.speed)
    playback.setSpeed(SPEEDS[Math.min(Math.max(at + by, 0), SPEEDS.length - 1)] ?? 60)
  }
  useHotkeys({
    ' ': playback.toggle,
    ArrowLeft: () => jump(index - 1),
    ArrowRight: () => jump(index + 1),
    Home: () => jump(0),
    End: () => jump(moments.length - 1),
    '+': () => faster(1),
    '-': () => faster(-1),
  })
  return (
    <div className="grid gap-4">
      <p className="flex items-center gap-2 rounded-md border border-quiet bg-quiet-soft px-3 py-2 font-medium text-quiet">
        <Icon name="play" /> Replay: reads only, sends nothing.
      </p>
      <ReplayControls
        playback={playback}
        index={index}
        story={story}
        onIndex={jump}
        onTime={(at) => {
          playback.pause()
          goToTime(at)
        }}
      />
      <Scrubber
        moments={moments}
        index={index}
        at={shownAt}
        openedAt={openedAt}
        until={until}
        onIndex={jump}
        onTime={goToTime}
      />
      {event === undefined ? null : (
        <p className="text-lg" data-testid="replayed">
          <span className="figures text-muted">
            #{event.seq} · {clockText(moment.at, moment.at, true)} · +{countdownText(event.sinceMs)}
          </span>{' '}
          <bdi className="font-semibold">{sentence(eventWords(event))}</bdi>
        </p>
      )}
      <MomentFacts moment={moment} at={shownAt} />
      <div className="overflow-hidden rounded-md border bg-surface p-2">
        <LadderPicture story={story} events={events} moment={moment} now={shownAt} />
      </div>
    </div>
  )
}

type Moments = Story['moments']

/** The last event at or before a time. */
function indexAt(moments: Moments, at: number): number {
  return Math.max(
    0,
    moments.findLastIndex((moment) => moment.at <= at),
  )
}

/** The running time while it lies in this event's stretch, else the event's own. */
function timeAt(moments: Moments, index: number, time: number): number {
  const own = moments[index]?.at ?? 0
  const next = moments[index + 1]?.at ?? own
  return time >= own && time <= Math.max(own, next) ? time : own
}
