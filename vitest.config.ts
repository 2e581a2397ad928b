import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { CountReporter } from './vitest.reporter.ts'

/** These say how late the product is, so they have nearly the machine for themselves: they mostly wait, and one core is left to each. */
const TIMED = ['bad-input-moments', 'demo', 'deployments', 'farthest-path', 'two-versions', 'worker-kill']
  .map((name) => `test/e2e/${name}.test.ts`)
  .concat('test/browser/on-call.test.ts')

/** One a core of the smallest machine that CI runs on. */
const ONE_A_CORE = 2

/** What waits for servers and other processes most of the time: more of them at once than cores. */
const WAITING_AT_ONCE = 4

/** Transactions that the tests hold open are taken back after 600 ms, by a promise of the store: these want more of a core. */
const HOLDING_AT_ONCE = 3

/** Files that take a minute or two: whoever begins with one of them last keeps the others' cores idle. */
const LONGEST =
  /\/(?:canaries|colleagues|tokens|bad-input-calls|demo|worker-kill|postgres-store|killed-apply|chaos|pages)\./

/** The usual order, with the longest first: a fresh checkout knows no durations, and goes by size. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    return usual.toSorted((a, b) => Number(LONGEST.test(b.moduleId)) - Number(LONGEST.test(a.moduleId)))
  }
}

// One group after another.
const node = { NODE_ENV: 'test' }

export default defineConfig({
  test: {
    env: node,
    reporters: ['default', new CountReporter()],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{packages,agents,escalation}/**/*.test.ts',
            'test/{edge,house,histories,http,incidents,mutants,properties,protocols}/**/*.test.ts',
          ],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**'],
          isolate: false,
          // The tests of the house read every file of it; the others take milliseconds.
          testTimeout: 30_000,
          maxWorkers: ONE_A_CORE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: HOLDING_AT_ONCE,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: TIMED,
          testTimeout: 240_000,
          hookTimeout: 120_000,
          maxWorkers: WAITING_AT_ONCE,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          exclude: TIMED,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // A browser is several processes already, and waits for the server most of the time.
          maxWorkers: 3,
          sequence: { groupOrder: 4 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e-timed',
          include: TIMED,
          testTimeout: 240_000,
          hookTimeout: 120_000,
          maxWorkers: ONE_A_CORE,
          sequence: { groupOrder: 5 },
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          // Together with the timed ones: crashes are mostly waited for, too.
          maxWorkers: ONE_A_CORE,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
