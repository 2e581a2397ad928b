import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'

/** What one command of a run is called with besides the environment. */
interface Command {
  args: [string, ...string[]]
  env?: Record<string, string>
}

const SERVERS = ['integration', 'e2e', 'browser', 'timed'].flatMap((name) => ['--project', name])

/** Two packages at once, on the smallest machine that CI runs on: most have files for one core only. */
const PURE: Command = { args: ['turbo', 'run', 'test', 'house', '--continue=always', '--concurrency=2'] }

/** `core` is `pnpm test`; `rest` is what it leaves out, and its properties with ten times the runs. */
const PARTS: Record<string, Command[]> = {
  core: [PURE, { args: ['vitest', 'run', ...SERVERS, '.core.'] }],
  rest: [
    {
      args: ['vitest', 'run', ...SERVERS, '--project', 'chaos'],
      env: { TEST_WITHOUT: '**/*.core.*' },
    },
    { args: ['vitest', 'run', '--project', 'unit', 'test/properties'], env: { TEST_RUNS: '1000' } },
  ],
}

const total = { passed: 0, failed: 0, skipped: 0 }

/** Runs one command, shows what it says, and adds up the counts that its test runs end with. */
async function run({ args: [program, ...args], env }: Command): Promise<void> {
  const environment = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...env }
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
  const failedBefore = total.failed
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(`${line}\n`)
    const count = /(?:^|: )(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(
      stripVTControlCharacters(line),
    )
    if (!count) continue
    total.passed += Number(count[1])
    total.failed += Number(count[2])
    total.skipped += Number(count[3] ?? 0)
  }
  // A run that died before it counted is one failure.
  if ((await ended) !== 0 && total.failed === failedBefore) total.failed += 1
}

for (const part of process.argv.slice(2)) {
  for (const command of PARTS[part] ?? []) await run(command)
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
