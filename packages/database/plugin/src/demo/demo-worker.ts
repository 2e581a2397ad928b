import { type ChildProcess, spawn } from 'node:child_process'
import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'

/** A worker that is not ready in this time will not be, ms. */
const READY_WITHIN_MS = 20_000

/** A worker that has not ended in this time after SIGTERM is killed, ms: it bounds its own end at 10 s. */
const STOP_WITHIN_MS = 12_000

/** A worker process of the demo. It ends by itself when the demo's process does. */
export interface DemoWorker {
  pid: number
  readyMs: number
  /** SIGKILL: nothing is finished, nothing is said. Resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM: the steps in hand are finished. */
  stop(): Promise<void>
  /** Lets it live on when this process ends. */
  release(): void
}

/** Starts a worker as a process of its own, and waits until it says that it is ready. */
export async function startDemoWorker(
  config: Config,
  environment: NodeJS.ProcessEnv,
  databaseUrl: string,
): Promise<DemoWorker> {
  const began = performance.now()
  const child = spawn(config.runtime.launcher, ['worker'], {
    env: {
      ...environment,
      ESA_HOME: config.home,
      ESA_TIME_SCALE: String(config.timeScale),
      DATABASE_URL: databaseUrl,
      ...(config.configFile === null ? {} : { ESA_CONFIG: config.configFile }),
      ...(config.redisUrl === null ? {} : { REDIS_URL: config.redisUrl }),
    },
    // The channel tells the worker when the demo dies, however that happens. A Ctrl-C is the demo's to pass on.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await ready(child)
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    child.kill(signal)
    const hard = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await gone
    clearTimeout(hard)
  }
  const release = (): void => {
    // Everything that would keep this process alive for the worker's sake.
    child.stderr?.destroy()
    child.send('live on', () => {
      child.disconnect()
      child.unref()
    })
  }
  const readyMs = Math.round(performance.now() - began)
  return { pid: child.pid!, readyMs, kill: () => end('SIGKILL'), stop: () => end('SIGTERM'), release }
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = (why: string): void => {
      child.kill('SIGKILL')
      reject(
        new EsaError('runtime.not-ready', 'transient', `the worker ${why}`, {
          details: { stderr: said.slice(-2_000) },
        }),
      )
    }
    const timer = setTimeout(() => fail(`was not ready in ${READY_WITHIN_MS} ms`), READY_WITHIN_MS)
    const ended = (code: number | null): void =>
      fail(`ended with ${code ?? 'a signal'}: ${said.trim().split('\n').at(-1) ?? ''}`)
    child.once('exit', ended)
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (!said.startsWith('ready ') && !said.includes('\nready ')) return
      clearTimeout(timer)
      child.removeListener('exit', ended)
      resolve()
    })
  })
}
