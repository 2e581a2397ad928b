import { expect, it } from 'vitest'
import type { Runs, TimedStatement } from './bench.ts'
import type { BuiltCandidate } from './built-indexes.ts'
import { type Limits, Search } from './search.ts'
import type { TableFacts } from './statements/table-catalog.ts'
import { type StatementBench, Trials } from './trials.ts'

const table = { schema: 's', name: 't' } as TableFacts

const index = (name: string, sizeBytes: number): BuiltCandidate => ({
  table,
  method: 'btree',
  keys: [],
  include: [],
  because: '',
  statements: [],
  estimatedBytes: sizeBytes,
  name,
  names: new Set([name]),
  qualified: name,
  sizeBytes,
  buildMs: 1,
})

/** By statement: what it takes without an index, and with each set of indexes; a plan takes the fastest set that is built. */
type Model = Record<string, Record<string, number>>

/** A server on which an execution takes exactly what the model says. */
function modelBench(model: Model): StatementBench & { executions: number } {
  const best = (id: string, hidden: readonly string[]): [set: string, ms: number] =>
    Object.entries(model[id]!)
      .filter(([set]) => set.split('+').every((name) => name === '' || !hidden.includes(name)))
      .toSorted(([, a], [, b]) => a - b)[0]!
  const bench = {
    executions: 0,
    plan: async ({ id }: TimedStatement, hidden: readonly string[]) =>
      new Set(best(id, hidden)[0].split('+')),
    time: async ({ id }: TimedStatement, hidden: readonly string[], runs: number): Promise<Runs> => {
      bench.executions += runs
      return { ms: Array.from({ length: runs }, () => best(id, hidden)[1]), cutOff: false }
    },
  }
  return bench
}

async function chosen(
  model: Model,
  indexes: BuiltCandidate[],
  limits: Partial<Limits> = {},
  together: string[][] = [],
) {
  const statements = Object.keys(model).map((id): TimedStatement => ({ id, weight: 1, texts: [id] }))
  const tables = new Map(statements.map(({ id }) => [id, new Set(['s.t'])]))
  const bench = modelBench(model)
  const trials = new Trials(bench, statements, tables)
  trials.built.push(...indexes)
  for (const statement of statements) await trials.measureBaseline(statement)
  const search = new Search(trials, statements, {
    goalMs: 100,
    budgetBytes: Infinity,
    timeIsUp: () => false,
    ...limits,
  })
  for (const one of indexes) search.add([one], await trials.times([one], [one]))
  for (const names of together) {
    const members = indexes.filter(({ name }) => names.includes(name))
    search.add(members, await trials.times(members, members))
  }
  const before = bench.executions
  await search.run()
  return {
    executions: bench.executions - before,
    names: search.chosen.map(({ name }) => name).toSorted(),
    bytes: search.bytes,
    complete: search.complete,
    current: search.current,
  }
}

it('takes what saves most time a byte, and nothing that only saves what is saved already', async () => {
  const model = { q: { '': 500, small: 5, large: 4 } }
  expect((await chosen(model, [index('large', 1_000), index('small', 10)])).names).toEqual(['small'])
})

it('takes one index for two statements when each would have its own', async () => {
  const model = { q: { '': 500, both: 5, a: 5 }, r: { '': 500, both: 5, b: 5 } }
  expect((await chosen(model, [index('a', 60), index('b', 60), index('both', 100)])).names).toEqual(['both'])
})

it('takes back a first choice that a later one makes needless', async () => {
  const model = { q: { '': 900, tiny: 200, good: 5 } }
  expect((await chosen(model, [index('tiny', 1), index('good', 1_000)])).names).toEqual(['good'])
})

it('keeps within the budget, and fills it with what still fits', async () => {
  const model = { q: { '': 900, a: 5 }, r: { '': 500, b: 5 }, s: { '': 300, c: 5 } }
  const found = await chosen(model, [index('a', 100), index('b', 90), index('c', 40)], { budgetBytes: 150 })
  expect(found).toMatchObject({ names: ['a', 'c'], bytes: 140 })
})

it('takes indexes that help only in company', async () => {
  const model = { q: { '': 900, 'a+b': 5 } }
  const indexes = [index('a', 10), index('b', 10)]
  expect((await chosen(model, indexes)).names).toEqual([])
  expect((await chosen(model, indexes, {}, [['a', 'b']])).names).toEqual(['a', 'b'])
})

it('brings statements under the goal before it saves time elsewhere', async () => {
  const model = { slow: { '': 200, a: 5 }, fast: { '': 20, b: 1 } }
  const found = await chosen(model, [index('a', 1_000), index('b', 10)], { budgetBytes: 1_000 })
  expect(found.names).toEqual(['a'])
})

it('expects the 95th percentile as far above as it was', async () => {
  // Undisturbed both take 40 ms; one of them was met at 90 ms, so that it is not safely under 100 ms.
  const statements = ['calm', 'restless'].map((id): TimedStatement => ({
    id,
    weight: id === 'calm' ? 1_000 : 1,
    texts: [id],
  }))
  const spread: StatementBench = {
    plan: async ({ id }, hidden) => new Set(hidden.includes(`for-${id}`) ? [] : [`for-${id}`]),
    time: async ({ id }, hidden, runs) => ({
      ms: hidden.includes(`for-${id}`)
        ? [40, ...Array.from({ length: runs - 1 }, () => (id === 'calm' ? 40 : 90))]
        : Array.from({ length: runs }, () => 2),
      cutOff: false,
    }),
  }
  const trials = new Trials(spread, statements, new Map(statements.map(({ id }) => [id, new Set(['s.t'])])))
  const indexes = [index('for-calm', 10), index('for-restless', 10)]
  trials.built.push(...indexes)
  for (const statement of statements) await trials.measureBaseline(statement)
  const search = new Search(trials, statements, { goalMs: 100, budgetBytes: 10, timeIsUp: () => false })
  for (const one of indexes) search.add([one], await trials.times([one], [one]))
  await search.run()
  expect(search.chosen.map(({ name }) => name)).toEqual(['for-restless'])
})

it('leaves an index that makes another statement slower than it makes one faster', async () => {
  const model = { q: { '': 500, a: 300 }, r: { '': 100, a: 900 } }
  // The planner takes it for both.
  const taking: StatementBench = {
    plan: async (_, hidden) => new Set(hidden.includes('a') ? [] : ['a']),
    time: async ({ id }, hidden, runs) => ({
      ms: Array.from({ length: runs }, () => model[id as 'q' | 'r'][hidden.includes('a') ? '' : 'a']),
      cutOff: false,
    }),
  }
  const statements = ['q', 'r'].map((id): TimedStatement => ({ id, weight: 1, texts: [id] }))
  const trials = new Trials(taking, statements, new Map(statements.map(({ id }) => [id, new Set(['s.t'])])))
  const one = index('a', 1)
  trials.built.push(one)
  for (const statement of statements) await trials.measureBaseline(statement)
  const search = new Search(trials, statements, { goalMs: 100, budgetBytes: Infinity, timeIsUp: () => false })
  search.add([one], await trials.times([one], [one]))
  await search.run()
  expect(search.chosen).toEqual([])
})

it('takes what it knows when time is up', async () => {
  const model = { q: { '': 900, a: 5, big: 4 }, r: { '': 500, b: 5 } }
  const found = await chosen(model, [index('a', 10), index('big', 900), index('b', 10)], {
    timeIsUp: () => true,
  })
  expect(found).toMatchObject({ names: ['a', 'b'], complete: false, executions: 0 })
})
