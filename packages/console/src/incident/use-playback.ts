import { useEffect, useRef, useState } from 'react'

/** How much faster than life a replay runs. */
export const SPEEDS = [1, 10, 60, 300, 1_000] as const

interface Playback {
  playing: boolean
  speed: number
  setSpeed: (speed: number) => void
  toggle: () => void
  pause: () => void
}

/**
 * Lets the time of a replay run: `onTime` gets its position, ms since the Unix epoch, until `until`. It moves a picture and
 * nothing else.
 */
export function usePlayback({
  at,
  until,
  onTime,
}: {
  at: number
  until: number
  onTime: (at: number) => void
}): Playback {
  const [playing, setPlaying] = useState(false)
  const [speed, setSpeed] = useState<number>(60)
  const latest = useRef({ at, until, onTime })
  useEffect(() => {
    latest.current = { at, until, onTime }
  })
  useEffect(() => {
    if (!playing) return
    let frame = 0
    let time = latest.current.at
    let last = performance.now()
    const step = (stamp: number): void => {
      time += (stamp - last) * speed
      last = stamp
      const end = latest.current.until
      latest.current.onTime(Math.min(time, end))
      if (time >= end) setPlaying(false)
      else frame = requestAnimationFrame(step)
    }
    frame = requestAnimationFrame(step)
    return () => cancelAnimationFrame(frame)
  }, [playing, speed])
  return {
    playing,
    speed,
    setSpeed,
    toggle: () => setPlaying((was) => !was),
    pause: () => setPlaying(false),
  }
}
