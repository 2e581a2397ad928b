import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { backends } from '@esa/runtime/testing'
import type { BenchServers } from './bench-servers.ts'
import { benchApi } from './api.ts'
import { benchConsole } from './console.ts'
import { benchExchanges } from './exchanges.ts'
import { type Figure, isMet } from './figures.ts'
import { benchIdle } from './idle.ts'
import { benchLateness } from './lateness.ts'
import { benchMemory } from './memory.ts'
import { benchHops } from './messages.ts'
import { benchReplay } from './replay.ts'
import { benchReviews } from './reviews.ts'
import { benchStream } from './stream.ts'
import { benchSimulator } from './simulator.ts'
import { benchStart } from './start.ts'

type Parts = Record<string, { about: string; run: (servers: BenchServers) => Promise<Figure[]> }>

const ROOT = join(import.meta.dirname, '../..')

/** The parts, in the order in which they run. */
const PARTS: Parts = {
  exchanges: { about: 'exchanges/s against BullMQ alone and DBOS on the same servers', run: benchExchanges },
  hops: { about: 'how long one message is on its way', run: benchHops },
  lateness: { about: 'how late 500, 10,000 and 100,000 timers are served', run: benchLateness },
  reviews: { about: 'dependencies in 100,000 rows x 20 columns, a check of 1,000 tables', run: benchReviews },
  replay: { about: 'events/s verified and folded', run: benchReplay },
  simulator: { about: 'how many times real time a soak runs', run: benchSimulator },
  start: { about: 'how long `esa up` takes', run: benchStart },
  idle: { about: 'CPU, connections and commands/s of an idle worker and its servers', run: benchIdle },
  stream: { about: 'how late 500 readers of the stream hear of a commit', run: benchStream },
  api: { about: 'answers of the API under 200 requests/s, reads and acknowledgements', run: benchApi },
  console: {
    about: 'the console in Chromium: first page, 10,000 incidents, 5,000 events',
    run: benchConsole,
  },
  memory: { about: 'memory of a worker with 10,000 live incidents', run: benchMemory },
}

/** A product of this repository brings parts of its own. */
for (const file of globSync('packages/*/*/bench/parts.ts', { cwd: ROOT }))
  Object.assign(PARTS, ((await import(join(ROOT, file))) as { parts: Parts }).parts)

const HELP = `Usage: pnpm bench [NAME...]

Measures the runtime and prints a table; progress goes to stderr, the raw figures to docs/performance/NAME.json.
All of it takes twenty minutes. Figures are good only on a machine that does nothing else: see the load beside them.

${Object.entries(PARTS)
  .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
  .join('\n')}

Example: pnpm bench exchanges lateness`

const FOLDER = join(import.meta.dirname, '../../docs/performance')

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const note = (line: string): void => void process.stderr.write(`${line}\n`)

async function measure(name: string): Promise<Figure[]> {
  const servers = await backends().at(-1)!.open()
  const loadBefore = load()
  const began = performance.now()
  try {
    note(`${name} ...`)
    const run = PARTS[name]!.run
    const figures = await run({ ...servers, note: (line) => note(`  ${line}`) })
    const seconds = Math.round((performance.now() - began) / 1_000)
    const about = { command: `pnpm bench ${name}`, at: new Date().toISOString(), commit: commit(), seconds }
    const document = { part: name, ...about, machine: machine(), loadBefore, loadAfter: load(), figures }
    await writeFile(join(FOLDER, `${name}.json`), `${JSON.stringify(document, null, 2)}\n`)
    return figures
  } finally {
    await servers.close()
  }
}

function table(figures: Figure[]): string {
  const rows = figures.map((figure) => {
    const { what, value, unit, aim, spread } = figure
    const met = isMet(figure)
    const verdict = met === null ? '' : met ? 'yes' : 'no'
    const wanted = aim === undefined ? '' : `${aim.op} ${aim.value.toLocaleString('en')} ${unit}`.trim()
    const seen = spread ?? `${value.toLocaleString('en')} ${unit}`.trim()
    return `| ${what} | ${seen} | ${wanted} | ${verdict} |`
  })
  return ['| figure | measured | aim | met |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function machine(): string {
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} x ${cpus()[0]?.model.trim()}, ${gigabytes} GB, Node ${process.version}`
}

function load(): number[] {
  return loadavg().map((each) => Math.round(each * 100) / 100)
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in PARTS) && name !== '--help' && name !== '-h')
if (names.includes('--help') || names.includes('-h')) {
  print(HELP)
} else if (unknown.length > 0) {
  note(`there is no part ${unknown.join(', ')}\n\n${HELP}`)
  process.exitCode = 2
} else {
  await mkdir(FOLDER, { recursive: true })
  const figures: Figure[] = []
  for (const name of names.length > 0 ? names : Object.keys(PARTS)) figures.push(...(await measure(name)))
  print(`${machine()}, load ${load().join(' ')}\n\n${table(figures)}`)
}
