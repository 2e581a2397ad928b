import { once } from 'node:events'
import { type EsaHome, says } from '../e2e/run-esa.ts'

/** A running `esa up`: how long it took to be ready, s, where its server is, and what ends it. */
export interface Up {
  seconds: number
  pid: number
  url: string
  stop(): Promise<void>
}

/** Starts `esa up` with its queues on this Redis, or on PostgreSQL. */
export async function esaUp(home: EsaHome, redisUrl: string | null): Promise<Up> {
  const began = performance.now()
  const child = home.start(['up'], redisUrl === null ? {} : { REDIS_URL: redisUrl })
  const ready = await says(child, 'ready in ')
  const seconds = (performance.now() - began) / 1_000
  const stop = async (): Promise<void> => {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  }
  return { seconds, pid: child.pid!, url: /http:\S+/.exec(ready)?.[0] ?? '', stop }
}
