import { ORG_CHART } from '@esa/org'
import type { Commit, Store, StoreTx } from '@esa/store'
import { openSmallWorld } from '@esa/runtime/testing'
import { Awaited, type ExchangeDriver } from './exchange-drivers.ts'

/** Exchanges between agents: a message that is written, taken by one agent, answered, and the answer taken by the other. */
export async function esaExchanges(serverUrl: string, redisUrl: string | null): Promise<ExchangeDriver> {
  const answered = new Awaited()
  const observe = (store: Store): Store => hearingCommits(store, (commit) => heard(commit, answered))
  const world = await openSmallWorld({ serverUrl, redisUrl, observe })
  const { host } = await world.startWorker()
  const agents = ORG_CHART.map(({ id }) => id)
  let counted = 0
  return {
    exchange: async (lane) => {
      const n = counted++
      const done = answered.wait(n)
      const [from, to] = [agents[2 * lane]!, agents[2 * lane + 1]!]
      await host.post({ from, to, type: 'ping', body: { left: 1, n } })
      await done
    },
    close: () => world.close(),
  }
}

/** An exchange is over when the commit that took its answer is. */
function heard({ actors }: Commit, answered: Awaited): void {
  for (const { input } of actors.flatMap(({ steps }) => steps)) {
    if (input.kind === 'event' && input.event['left'] === 0) answered.done(Number(input.event['n']))
  }
}

/** The same store, which also says what it has committed. */
function hearingCommits(store: Store, onCommit: (commit: Commit) => void): Store {
  const transact: Store['transact'] = async (work) => {
    const written: Commit[] = []
    const result = await store.transact((tx) => {
      const write: StoreTx['write'] = async (commit) => {
        await tx.write(commit)
        written.push(commit)
      }
      return work(new Proxy(tx, { get: (_, name) => (name === 'write' ? write : bound(tx, name)) }))
    })
    written.forEach(onCommit)
    return result
  }
  return new Proxy(store, { get: (_, name) => (name === 'transact' ? transact : bound(store, name)) })
}

function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name, target)
  return typeof member === 'function' ? member.bind(target) : member
}
