import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MASKED, MUTANTS, TOGETHER } from './mutants.ts'

/** Two mutants at a time: more would only share the cores, and the seconds of the table with them. */
const AT_ONCE = 2

/** A mutant that lives longer than this has survived, ms. */
const BUDGET_MS = 60_000

/** What planting, importing and reading the cards may take on top, ms. */
const START_MS = 30_000

const HELP = `Takes each guard out of the product once and looks whether the properties notice; exits 1 when one survives.
All of it takes five minutes on two cores.

Usage: pnpm test:mutants [--only NAME]... [--json]

  --only NAME   one mutant, or a group as the table names it; may be given more than once
  --json        verdicts as JSON instead of a table

Example:
  pnpm test:mutants --only over-at-T --only a-climb-of-two
`

interface Verdict {
  name: string
  found: { hunter: string; fault: string; runs: number } | null
  seconds: number
  error?: string
}

/**
 * Plants one mutant after another, each in a process of its own, and prints what found it. Exits 1 when one survives.
 * `--only NAME` (repeatable) chooses; the code as it is, named `none`, must not be found guilty.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help === true) {
  process.stdout.write(HELP)
  process.exit(0)
}
const alone = MUTANTS.map(({ name }) => name).filter((name) => !MASKED.has(name))
const all = ['none', ...alone, ...TOGETHER]
const unknown = values.only?.find((name) => !all.includes(name))
if (unknown !== undefined) {
  process.stderr.write(`there is no mutant ${unknown}; the names are:\n  ${all.join('\n  ')}\n`)
  process.exit(2)
}
const wanted = all.filter((name) => values.only?.includes(name) ?? true)
const verdicts: Verdict[] = []
const waiting = wanted.values()
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (const name of waiting) {
      const verdict = await hunt(name)
      verdicts.push(verdict)
      process.stderr.write(`${isRight(verdict) ? 'ok' : 'NOT'} ${rowOf(verdict)}\n`)
    }
  }),
)
const ordered = wanted.map((name) => verdicts.find((verdict) => verdict.name === name)!)
process.stdout.write(values.json === true ? `${JSON.stringify(ordered)}\n` : table(ordered))
const wrong = ordered.filter((verdict) => !isRight(verdict))
process.stderr.write(`${ordered.length - wrong.length} right, ${wrong.length} wrong\n`)
process.exitCode = wrong.length > 0 ? 1 : 0

function isRight({ name, found, error }: Verdict): boolean {
  return error === undefined && (found === null) === (name === 'none')
}

function table(rows: Verdict[]): string {
  const head = ['mutant | found by | runs | seconds', '--- | --- | --- | ---']
  return [...head, ...rows.map(rowOf)].map((row) => `| ${row} |\n`).join('')
}

function rowOf({ name, found, seconds, error }: Verdict): string {
  const what = error ?? (found === null ? 'nothing' : `${shortOf(found.fault)} (${found.hunter})`)
  return [name.replaceAll('+', ' + '), what, found?.runs ?? '', seconds.toFixed(1)].join(' | ')
}

/** `4 neverEarly` of a fault's whole text; of a guard, its code. */
function shortOf(fault: string): string {
  return fault.split(':')[0]!
}

function hunt(name: string): Promise<Verdict> {
  const beganAt = performance.now()
  const args = [join(import.meta.dirname, 'hunt.ts'), '--name', name, '--budget', String(BUDGET_MS)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const overdue = setTimeout(() => child.kill('SIGKILL'), BUDGET_MS + START_MS)
  const [out, err] = [child.stdout, child.stderr].map((stream) => {
    const chunks: string[] = []
    stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
    return chunks
  })
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(overdue)
      const seconds = (performance.now() - beganAt) / 1_000
      if (code === 0) return resolve({ name, ...(JSON.parse(out!.join('')) as Omit<Verdict, 'name'>) })
      const [error = `ended with ${code}`] = /^\w*Error.*$/m.exec(err!.join('')) ?? []
      resolve({ name, found: null, seconds, error })
    })
  })
}
