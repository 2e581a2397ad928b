import { useEffect, useState } from 'react'

/** What is left until a server time, ms, counted on from when the page learned `nowAt`: the clock of this machine may be wrong. */
export function useLeft(deadlineAt: string, nowAt: string): number {
  const [since, setSince] = useState(0)
  useEffect(() => {
    const learned = performance.now()
    const timer = setInterval(() => setSince(performance.now() - learned), 250)
    return () => clearInterval(timer)
  }, [deadlineAt, nowAt])
  return Date.parse(deadlineAt) - Date.parse(nowAt) - since
}

/** Minutes and seconds, as a countdown shows them: `29:41`. */
export function minutes(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
