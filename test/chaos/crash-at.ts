// Preloaded into the real command line (`NODE_OPTIONS=--import`): kills the process with SIGKILL the first time it comes
// to the point that CRASH_AT names, or that is in the file CRASH_ARM once there is one, and leaves that name in the file
// CRASH_MARK; with CRASH_SIGNAL=SIGSTOP it freezes there. The product knows nothing of it.
import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { ActorHost } from '@esa/runtime'
import { Job, Queue } from 'bullmq'
import pg from 'pg'
import { CRASH_POINTS, type CrashPoint } from './crash-points.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown
type Moment = 'before' | 'sent' | 'after'

const { CRASH_AT = '', CRASH_ARM = '', CRASH_MARK = '', CRASH_SIGNAL = 'SIGKILL' } = process.env
let crashAt = CRASH_AT === '' ? null : knownPoint(CRASH_AT)
let crashed = false

function knownPoint(name: string): CrashPoint {
  if (!CRASH_POINTS.includes(name as CrashPoint)) throw new Error(`there is no crash point ${name}`)
  return name as CrashPoint
}

/** Whose statements these are: a message's, a timer's, an activity's, a command's. */
const path = new AsyncLocalStorage<string>()

function reached(step: string, moment: Moment, on = path.getStore() ?? ''): void {
  if (crashAt === null && existsSync(CRASH_ARM)) crashAt = knownPoint(readFileSync(CRASH_ARM, 'utf8'))
  if (crashed || `${on}.${step}.${moment}` !== crashAt) return
  crashed = true
  writeFileSync(CRASH_MARK, crashAt)
  process.kill(process.pid, CRASH_SIGNAL)
  // Nothing runs after a SIGKILL, whatever the kernel is busy with.
  if (CRASH_SIGNAL === 'SIGKILL') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function patch(prototype: object, name: string, wrap: (original: Method) => Method): void {
  const methods = prototype as Record<string, Method>
  const original = methods[name]
  if (original === undefined) throw new Error(`there is no method ${name} any more`)
  methods[name] = wrap(original)
}

/** The step that a statement is, and the path where the statement itself says so. */
function stepOf(query: unknown): { step: string; on?: string } | null {
  const { name, text } = typeof query === 'string' ? { name: '', text: query } : (query as pg.QueryConfig)
  const named: Record<string, string> = {
    esa_lock: 'load',
    esa_lock_recipients: 'load',
    esa_lock_free: 'lock',
    esa_env: 'clock',
    esa_write: 'write',
    esa_end_activity: 'fence',
  }
  if (name !== undefined && Object.hasOwn(named, name)) return { step: named[name]! }
  if (text === 'commit') return { step: text }
  if (/^begin\b/.test(text)) return { step: 'begin' }
  if (text.includes('as next_due_at')) return { step: 'due', on: 'timer' }
  if (/set rung_at = .*, attempt = attempt \+ 1/.test(text)) return { step: 'take', on: 'relay' }
  if (text.startsWith('update esa.activities set claimed_until'))
    return { step: text.includes('fence = fence + 1') ? 'claim' : 'hold', on: 'activity' }
  return null
}

/** True when an answer has found what the point is about: an idle poll is not worth a crash. */
function foundSomething(step: string, result: unknown): boolean {
  // Two statements in one query have two results.
  const { rows = [] } = result as Partial<pg.QueryResult<{ ids?: string[] }>>
  if (step === 'due') return (rows[0]?.ids ?? []).length > 0
  return (step !== 'take' && step !== 'claim' && step !== 'lock' && step !== 'load') || rows.length > 0
}

patch(pg.Client.prototype, 'query', (original) => {
  return function query(this: unknown, ...args: unknown[]) {
    const known = stepOf(args[0])
    if (known === null) return original.apply(this, args)
    const { step } = known
    const on = known.on ?? path.getStore() ?? ''
    const answered = (result: unknown): void => {
      if (!foundSomething(step, result)) return
      reached(step, 'after', on)
      if (step !== 'claim') return
      const { rows } = result as pg.QueryResult<{ activity: string }>
      if (rows[0]?.activity === 'alarm') reached(step, 'after', 'alarm')
    }
    reached(step, 'before', on)
    const callback = args.at(-1)
    if (typeof callback === 'function') {
      args[args.length - 1] = (error: unknown, result: unknown) => {
        if (error === null || error === undefined) answered(result)
        callback(error, result)
      }
    }
    const sent = original.apply(this, args)
    reached(step, 'sent', on)
    if (!(sent instanceof Promise)) return sent
    return sent.then((result: unknown) => {
      answered(result)
      return result
    })
  }
})

/** Calls of a host, each on its own path. */
for (const [method, on] of [
  ['deliver', 'message'],
  ['deliverTogether', 'message'],
  ['serveDue', 'timer'],
  ['command', 'command'],
  ['open', 'command'],
] as const) {
  patch(ActorHost.prototype, method, (original) => {
    return function onPath(this: unknown, ...args: unknown[]) {
      if (on === 'message') reached('hint', 'before', on)
      return path.run(on, () => original.apply(this, args))
    }
  })
}

patch(ActorHost.prototype, 'endActivity', (original) => {
  return function endActivity(this: unknown, ...args: unknown[]) {
    if ((args[0] as { activity: string }).activity === 'alarm') reached('end', 'before', 'alarm')
    reached('end', 'before', 'activity')
    return path.run('activity', () => original.apply(this, args))
  }
})

for (const method of ['add', 'addBulk']) {
  patch(Queue.prototype, method, (original) => {
    return async function add(this: unknown, ...args: unknown[]) {
      reached('add', 'before', 'ring')
      const added = await original.apply(this, args)
      reached('add', 'after', 'ring')
      return added
    }
  })
}

patch(Job.prototype, 'moveToCompleted', (original) => {
  return async function moveToCompleted(this: unknown, ...args: unknown[]) {
    const { name } = this as Job
    reached('complete', 'before', name)
    const moved = await original.apply(this, args)
    reached('complete', 'after', name)
    return moved
  }
})
