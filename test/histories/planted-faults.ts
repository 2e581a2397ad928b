import type { Commit, Store, StoreTx } from '@esa/store'

/** Puts a fault between the workers and their store. */
type Plant = (store: Store) => Store

/** A fault of the store or the runtime as a worker would see it, and a word of the invariant that has to find it. */
export interface PlantedFault {
  name: string
  plant: Plant
  /** Numbers or words of the invariants that may find it. */
  foundBy: RegExp
  /** What else goes wrong while it is looked for; most faults need nothing else. */
  weather?: 'swarm' | 'interleaved' | 'calm'
}

/** The runtime's faults that a soak must find; those of the machine are the property tests' own. */
export const PLANTED: readonly PlantedFault[] = [
  { name: 'a commit is lost, and its answer says that it was not', plant: loseCommits(), foundBy: /^26 / },
  { name: 'a row is written without its newest deadline', plant: inWrite(staleTimer), foundBy: /^26 / },
  {
    name: 'the mark that a message was consumed is lost',
    plant: inWrite(noDoneMark()),
    foundBy: /^liveness/,
  },
  { name: 'messages of a step are lost', plant: inWrite(noMessages), foundBy: /^23 / },
  { name: 'activities of a step are lost', plant: inWrite(noActivities), foundBy: /^(?:17|23|27|28) / },
  {
    name: 'the recorded input is not the one that was taken',
    plant: inWrite(otherInput),
    foundBy: /^(?:2|3|4|11|18|26) /,
  },
  { name: 'the hash chain restarts', plant: inWrite(newChain), foundBy: /^18 / },
  {
    name: 'two workers serve one deadline',
    plant: withoutLocks(),
    foundBy: /^(?:26|12|18|24) |^bug/,
    weather: 'interleaved',
  },
  { name: 'the clock of a step is ahead', plant: skewedClock(5_000), foundBy: /^24 / },
  { name: 'the clock of a step is an hour behind', plant: skewedClock(-3_600_000), foundBy: /^24 / },
  { name: 'a deadline is never found due', plant: blindToDeadlines(), foundBy: /^5 |^liveness/ },
  { name: 'the relay never rings', plant: deafRelay(), foundBy: /^liveness|^27 /, weather: 'swarm' },
  {
    name: 'the relay never rings again',
    plant: forgetfulRelay(),
    foundBy: /^liveness|^27 |^32 /,
    weather: 'swarm',
  },
  { name: 'a claim never expires', plant: endlessClaims(), foundBy: /^liveness|^27 /, weather: 'swarm' },
  { name: 'equal keys are two incidents', plant: withoutKeys(), foundBy: /^6 / },
  { name: 'what came over the bus is taken for done', plant: doneAlready(), foundBy: /^liveness/ },
  {
    name: 'a message is given up when the store is in trouble',
    plant: hastyBurial(),
    foundBy: /^23 |^27 |^liveness/,
  },
]

/** `store` with some of its statements replaced. */
function over<T extends object>(base: T, own: Partial<T>): T {
  return new Proxy(base, {
    get: (_, name) => {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name)
      const statement: unknown = Reflect.get(base, name)
      return typeof statement === 'function' ? statement.bind(base) : statement
    },
  })
}

function inTx(change: (tx: StoreTx, store: Store) => Partial<StoreTx>): Plant {
  return (store) =>
    over(store, { transact: (work) => store.transact((tx) => work(over(tx, change(tx, store)))) })
}

function inWrite(change: (commit: Commit) => Commit): Plant {
  return inTx((tx) => ({ write: (commit) => tx.write(change(commit)) }))
}

/** Every n-th time: rare enough that a run gets somewhere. */
function everyNth(n: number): () => boolean {
  let count = 0
  return () => ++count % n === 0
}

function loseCommits(): Plant {
  const isLost = everyNth(50)
  return inTx((tx) => ({ write: async (commit) => (isLost() ? undefined : tx.write(commit)) }))
}

function staleTimer(commit: Commit): Commit {
  const actors = commit.actors.map((write) =>
    write.locked === null || write.state.timer === null
      ? write
      : { ...write, state: { ...write.state, timer: write.locked.state.timer } },
  )
  return { ...commit, actors }
}

function noDoneMark(): (commit: Commit) => Commit {
  let consumed = 0
  return (commit) =>
    commit.doneMessages.length > 0 && ++consumed === 10 ? { ...commit, doneMessages: [] } : commit
}

function noMessages(commit: Commit): Commit {
  return { ...commit, messages: commit.messages.filter(({ id }) => id.includes('.r')) }
}

function noActivities(commit: Commit): Commit {
  return { ...commit, activities: commit.activities.filter(({ activity }) => activity !== 'notice.deliver') }
}

function otherInput(commit: Commit): Commit {
  const actors = commit.actors.map((write) => ({
    ...write,
    steps: write.steps.map((step) =>
      step.input.kind === 'event'
        ? { ...step, input: { ...step.input, event: { type: 'unsuppress' } } }
        : step,
    ),
  }))
  return { ...commit, actors }
}

function newChain(commit: Commit): Commit {
  const actors = commit.actors.map((write) => ({
    ...write,
    locked: write.locked === null ? null : { ...write.locked, head: '' },
  }))
  return { ...commit, actors }
}

/** Rows are read without a lock, and written whatever is there by now. */
function withoutLocks(): Plant {
  return inTx((tx, store) => ({
    lockActors: (ids) => store.listActors({ ids }),
    write: async (commit) => {
      const rows = await tx.lockActors(commit.actors.map(({ state }) => state.id))
      const actors = commit.actors.map((write) => {
        const now = rows.find(({ state }) => state.id === write.state.id) ?? null
        return { ...write, locked: now }
      })
      return tx.write({ ...commit, actors })
    },
  }))
}

function skewedClock(ms: number): Plant {
  return inTx((tx) => ({
    env: async () => {
      const { at, unreachable } = await tx.env()
      return { at: at + ms, unreachable }
    },
  }))
}

/** The timer service of every worker misses one incident in ten. */
function blindToDeadlines(): Plant {
  return (store) =>
    over(store, {
      due: async (limit) => {
        const found = await store.due(limit + 50)
        return { ...found, ids: found.ids.filter((id) => !/[0-2]$/.test(id)).slice(0, limit) }
      },
    })
}

function deafRelay(): Plant {
  return (store) => over(store, { takeOverdue: async () => [] })
}

function forgetfulRelay(): Plant {
  return (store) =>
    over(store, {
      takeOverdue: async (options) => store.takeOverdue({ ...options, afterMs: Number.MAX_SAFE_INTEGER }),
    })
}

function endlessClaims(): Plant {
  return (store) =>
    over(store, {
      claimActivity: (id) => store.claimActivity(id, 365 * 86_400_000),
      releaseActivity: async () => {},
    })
}

function withoutKeys(): Plant {
  return inTx((tx) => ({
    lockKey: async () => null,
    write: (commit) =>
      tx.write({ ...commit, actors: commit.actors.map((write) => ({ ...write, key: null })) }),
  }))
}

/** Some messages are never seen open. */
function doneAlready(): Plant {
  return inTx((tx) => ({
    messages: async (ids) =>
      (await tx.messages(ids)).map((message) =>
        /[0-4](?:\.r0)?$/.test(message.id) ? { ...message, doneAt: 1 } : message,
      ),
  }))
}

function hastyBurial(): Plant {
  const isHasty = everyNth(20)
  return (store) =>
    over(store, {
      claimActivity: async (id, marginMs) => {
        const claimed = await store.claimActivity(id, marginMs)
        if (claimed !== null && isHasty()) {
          await store.transact((tx) => tx.endActivity(id, claimed.fence, 'given up'))
          return null
        }
        return claimed
      },
    })
}
