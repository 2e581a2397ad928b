import type { Story } from '@esa/escalation'
import { parseDuration } from '@esa/protocol'
import { useState } from 'react'
import { Button } from '../components/button.tsx'
import { SPEEDS, type usePlayback } from './use-playback.ts'

interface ReplayControlsProps {
  playback: ReturnType<typeof usePlayback>
  index: number
  story: Story
  onIndex: (index: number) => void
  onTime: (at: number) => void
}

/** Play, pause, one event back or on, how fast, and where to: an event's number or a time after the opening. */
export function ReplayControls({ playback, index, story, onIndex, onTime }: ReplayControlsProps) {
  const { moments } = story
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button
        look="primary"
        icon={playback.playing ? 'pause' : 'play'}
        aria-keyshortcuts="Space"
        onClick={playback.toggle}
        className="w-24"
      >
        {playback.playing ? 'Pause' : 'Play'}
      </Button>
      <Button aria-label="One event back" disabled={index === 0} onClick={() => onIndex(index - 1)}>
        ←
      </Button>
      <Button
        aria-label="One event on"
        disabled={index === moments.length - 1}
        onClick={() => onIndex(index + 1)}
      >
        →
      </Button>
      <label className="flex items-center gap-1.5 text-muted">
        Speed
        <select
          value={playback.speed}
          onChange={({ target }) => playback.setSpeed(Number(target.value))}
          className="touch rounded-md border border-edge bg-surface px-2 text-ink"
        >
          {SPEEDS.map((speed) => (
            <option key={speed} value={speed}>
              {speed}×
            </option>
          ))}
        </select>
      </label>
      <Seek story={story} onIndex={onIndex} onTime={onTime} />
      <CopyLink />
    </div>
  )
}

/** What is written there as an event, or as a time after the opening. */
function Seek({ story, onIndex, onTime }: Pick<ReplayControlsProps, 'story' | 'onIndex' | 'onTime'>) {
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState(false)
  return (
    <form
      className="flex items-center gap-1.5"
      onSubmit={(event) => {
        event.preventDefault()
        const wish = text.trim().replace(/^#/, '')
        const after = /^\d+$/.test(wish) ? undefined : elapsedMs(wish)
        const at = story.moments.findLastIndex(({ seq }) => seq <= Number(wish))
        setWrong(after === undefined && !/^\d+$/.test(wish))
        if (after !== undefined) onTime(story.openedAt + after)
        else if (at >= 0) onIndex(at)
      }}
    >
      <label className="flex items-center gap-1.5 text-muted">
        Go to
        <input
          value={text}
          onChange={({ target }) => setText(target.value)}
          placeholder="41 or 29:30"
          title="An event’s number, or a time after the opening: 29:30, 1:02:00, 90 min"
          aria-invalid={wrong}
          className="touch w-28 rounded-md border border-edge bg-surface px-2 text-ink placeholder:text-muted aria-invalid:border-danger"
        />
      </label>
      <Button type="submit">Go</Button>
      {wrong ? (
        <span role="alert" className="text-sm text-danger">
          A number, or a time such as 29:30
        </span>
      ) : null}
    </form>
  )
}

/** `29:30`, `1:02:00` or `90 min` in ms; undefined for anything else. */
function elapsedMs(text: string): number | undefined {
  const clock = /^(?:(\d+):)?(\d{1,3}):(\d{2})$/.exec(text)
  if (clock === null) return parseDuration(text)
  const [, hours = '0', minutes = '0', seconds = '0'] = clock
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
}

function CopyLink() {
  const [copied, setCopied] = useState(false)
  return (
    <Button
      onClick={() => {
        // Not every origin may write to the clipboard; the address bar has the link as well.
        navigator.clipboard?.writeText(location.href).then(
          () => setCopied(true),
          () => setCopied(false),
        )
      }}
    >
      {copied ? 'Copied' : 'Copy link'}
    </Button>
  )
}
