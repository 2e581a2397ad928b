import { defineConfig } from 'vitest/config'
import { CountReporter } from './vitest.reporter.ts'

/** One a core of the smallest machine that CI runs on. */
const ONE_A_CORE = 2

/** What waits for servers and other processes most of the time: more of them at once than cores. */
const WAITING_AT_ONCE = 4

/** A browser is several processes already. Transactions that a test holds open are taken back after 600 ms, and want more of a core. */
const THREE_AT_ONCE = 3

/** Files that run by a schedule of their own, which their name or folder says; all other `*.test.ts` are pure. */
const INTEGRATION = '**/*.integration.test.ts'
const TIMED = '**/*.timed.test.ts'
const E2E = '{test,packages/database/*}/e2e/**/*.test.ts'
const FOLDERS = [E2E, ...['browser', 'chaos', 'mutants'].map((name) => `test/${name}/**/*.test.ts`)]

/** What this run leaves out: `*.core.*` when it is the rest of what `pnpm test` has run (test/run.ts). */
// oxlint-disable-next-line node/no-process-env -- set by the runner of the tests
const NEVER = ['**/node_modules/**', ...(process.env['TEST_WITHOUT']?.split(',') ?? [])]

const env = { NODE_ENV: 'test' }

// One group after another.
export default defineConfig({
  test: {
    env,
    reporters: ['default', new CountReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [INTEGRATION, TIMED, ...FOLDERS, ...NEVER],
          isolate: false,
          // Most take milliseconds; those of the house read every file of it, beside other work.
          testTimeout: 120_000,
          maxWorkers: ONE_A_CORE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [INTEGRATION],
          exclude: NEVER,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: THREE_AT_ONCE,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [E2E],
          exclude: [TIMED, INTEGRATION, ...NEVER],
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
          exclude: [TIMED, INTEGRATION, ...NEVER],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: THREE_AT_ONCE,
          sequence: { groupOrder: 4 },
        },
      },
      {
        extends: true,
        test: {
          // These say how late the product is. They mostly wait, and have a core each.
          name: 'timed',
          include: [TIMED],
          exclude: NEVER,
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
          include: ['test/{chaos,mutants}/**/*.test.ts'],
          exclude: [TIMED, INTEGRATION, ...NEVER],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          // Beside the timed ones: crashes are mostly waited for, too.
          maxWorkers: ONE_A_CORE,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
