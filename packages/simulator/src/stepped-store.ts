import { EsaError } from '@esa/protocol'
import type { Commit, Store, StoreTx } from '@esa/store'
import type { Agenda } from './agenda.ts'
import type { MomentOf, StepPoint } from './plan.ts'
import { type Process, storeIsAway, type Weather } from './weather.ts'

/** What a process needs to reach the store. */
export interface StepPorts {
  agenda: Agenda
  weather: Weather
  process: Process
  /** Called for every commit, before any other part learns of it. */
  onCommit(commits: Commit[], beganAt: number): void
  /** Called after every statement that may have created work. */
  onChange(): void
  /** Ends the process. */
  onCrash(crash: MomentOf<'crash'>): void
}

/** A wait of a dead process. */
const never = <T>(): Promise<T> => new Promise<T>(() => {})

/** The point that a statement of the store is; reading, unless it is named here. */
const POINT: Partial<Record<keyof Store | keyof StoreTx, StepPoint>> = {
  due: 'due',
  takeOverdue: 'sweep',
  claimActivity: 'claim',
  releaseActivity: 'release',
  buryMessage: 'bury',
  lockActors: 'lock',
  lockKey: 'lock',
  lockRecipients: 'lock',
  lockMessage: 'lock',
  env: 'clock',
  write: 'write',
  endActivity: 'write',
}

/** Statements outside of a transaction after which there may be new work. */
const CHANGES: ReadonlySet<StepPoint> = new Set(['claim', 'release', 'bury'])

type Statement = (...given: unknown[]) => Promise<unknown>

/**
 * The store as one process reaches it: every statement is a named point at which the process may die, rest, or find the
 * store away. A dead process never hears an answer, and its open transaction is rolled back.
 */
export function steppedStore(base: Store, ports: StepPorts): Store {
  const own: Partial<Store> = {
    transact: (work) => transact(base, ports, work),
    listen: (onWake) => ask(ports, 'read', 'listen', () => base.listen(() => wake(ports, onWake))),
    close: async () => {},
  }
  return stepped(base, own, (name, about, statement) => ask(ports, pointOf(name), about, statement))
}

async function transact<T>(base: Store, ports: StepPorts, work: (tx: StoreTx) => Promise<T>): Promise<T> {
  const { process, agenda, onCommit, onChange, weather } = ports
  const task = String(++process.tasks)
  const commits: Commit[] = []
  let result: T
  let beganAt = agenda.now
  try {
    await pass(ports, 'begin', task)
    beganAt = agenda.now
    result = await base.transact(async (tx) => {
      const answer = await work(steppedTx(tx, ports, task, commits))
      await pass(ports, 'before-commit', task)
      return answer
    })
  } catch (error) {
    if (!process.alive) return never()
    throw error
  }
  onCommit(commits, beganAt)
  onChange()
  try {
    await pass(ports, 'after-commit', task)
    if (weather.losesAnswer()) throw storeIsAway()
  } catch (cause) {
    if (!process.alive) return never()
    throw new EsaError('store.commit-unknown', 'transient', 'the answer of the commit was lost', { cause })
  }
  return result
}

function steppedTx(tx: StoreTx, ports: StepPorts, task: string, commits: Commit[]): StoreTx {
  const write: StoreTx['write'] = async (commit) => {
    await inTurn(ports, 'write', task, () => tx.write(commit))
    commits.push(commit)
  }
  return stepped<StoreTx>(tx, { write }, (name, _, statement) =>
    inTurn(ports, pointOf(name), task, statement),
  )
}

/** `base` with each of its statements taken as a step, but for those that are given. */
function stepped<T extends object>(
  base: T,
  own: Partial<T>,
  step: (name: string, about: string, statement: () => Promise<unknown>) => Promise<unknown>,
): T {
  return new Proxy(base, {
    get: (_, name) => {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name)
      const statement: unknown = Reflect.get(base, name)
      if (typeof statement !== 'function') return statement
      return (...given: unknown[]) => {
        const about = typeof given[0] === 'string' ? `${String(name)} ${given[0]}` : String(name)
        return step(String(name), about, () => (statement as Statement).apply(base, given))
      }
    },
  })
}

function pointOf(name: string): StepPoint {
  return POINT[name as keyof typeof POINT] ?? 'read'
}

/** A wake comes as something of its own, or is lost. */
function wake({ agenda, process, weather }: StepPorts, onWake: () => void): void {
  if (process.alive && !weather.losesWake())
    agenda.in(1, `wake ${process.name}`, () => process.alive && onWake())
}

async function ask<T>(
  ports: StepPorts,
  point: StepPoint,
  about: string,
  statement: () => Promise<T>,
): Promise<T> {
  const { process, onChange } = ports
  try {
    const answer = await inTurn(ports, point, about, statement)
    if (!process.alive) return await never<T>()
    if (CHANGES.has(point)) onChange()
    return answer
  } catch (error) {
    if (!process.alive) return never()
    throw error
  }
}

/** A waiter for a lock continues as an entry of its own, and not in the middle of the one that let it go. */
async function inTurn<T>(
  ports: StepPorts,
  point: StepPoint,
  about: string,
  statement: () => Promise<T>,
): Promise<T> {
  await pass(ports, point, about)
  const { agenda, process } = ports
  const { turn } = agenda
  const answer = await statement()
  if (agenda.turn === turn) return answer
  await agenda.rest(0, `granted ${process.name} ${about}`)
  if (!process.alive) throw new Error('killed while it waited')
  return answer
}

/** `about` distinguishes what one process does at once. @throws when the process is dead; the error is never seen. */
async function pass(
  { agenda, weather, process, onCrash }: StepPorts,
  point: StepPoint,
  about: string,
): Promise<void> {
  const crash = process.alive ? weather.crashAt(process, point) : null
  if (crash !== null) onCrash(crash)
  const pauseMs = process.alive ? weather.pauseAt(`${process.name} ${point} ${about}`) : null
  if (pauseMs !== null) await agenda.rest(pauseMs, `paused ${process.name} ${about}`)
  while (process.alive && process.frozenUntil > agenda.now) {
    await agenda.rest(process.frozenUntil - agenda.now, `thaw ${process.name} ${about}`)
  }
  if (!process.alive) throw new Error(`killed at ${point}`)
  if (weather.storeIsDown) throw storeIsAway()
}
