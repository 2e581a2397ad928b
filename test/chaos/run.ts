import { parseArgs } from 'node:util'
import { append, inOneLine, isClean, row } from './report.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'
import { type Backend, openServers, type Servers } from './servers.ts'
import { soak, type SoakPlan } from './soak.ts'
import type { Verdict } from './verdict.ts'

const HELP = `Breaks real processes, a real PostgreSQL and a real Redis, heals them, and compares the final log with an oracle.

Usage: pnpm chaos [--only NAME] [--incidents N] [--kills K] [options]

  --only NAME           one scenario, or \`soak\`; may be given more than once. Default: all, then a soak
  --incidents N         incidents of the soak (200)
  --kills K             workers that the soak ends by kill -9 (20)
  --postgres-kills P    kill -9 of PostgreSQL (a tenth of the kills)
  --flushes F           FLUSHALLs (a tenth of the kills)
  --backend NAME        redis or postgres: what the queues are on (redis where it is installed)
  --time-scale N        divides every wait of the soak (900: the peers' 30 minutes are 2 s)
  --seed S              another order of faults (1)
  --append              puts the soak's row into docs/reliability.md
  --list                the scenarios
  --help

Exit: 0 clean, 1 something was lost, doubled, early or wrong, 2 wrong call.

Examples:
  pnpm chaos --only postgres-kill --only crash-points
  pnpm chaos --only soak --incidents 2000 --kills 200 --append
`

/** Every fault that a soak does not count strikes this often. */
const OTHERS = 3

/** How many findings of a kind are printed. */
const SHOWN = 10

const print = (line: string): void => void process.stdout.write(`${line}\n`)

function usage(why: string): never {
  process.stderr.write(`chaos: ${why}\n\n${HELP}`)
  process.exit(2)
}

function readCall() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        incidents: { type: 'string', default: '200' },
        kills: { type: 'string', default: '20' },
        'postgres-kills': { type: 'string' },
        flushes: { type: 'string' },
        backend: { type: 'string' },
        'time-scale': { type: 'string', default: '900' },
        seed: { type: 'string', default: '1' },
        append: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error))
  }
}

function count(flag: string, text: string): number {
  const number = Number(text)
  return Number.isInteger(number) && number >= 0 ? number : usage(`--${flag} ${text} is not a count`)
}

/** The findings themselves, as far as anybody reads them. */
function show({ lost, doubled, early, wrong, tooLate }: Verdict): void {
  for (const [kind, found] of Object.entries({ lost, doubled, early, wrong, 'too late': tooLate })) {
    for (const each of found.slice(0, SHOWN)) print(`  ${kind}: ${each}`)
    if (found.length > SHOWN) print(`  ${kind}: and ${found.length - SHOWN} more`)
  }
}

async function tryOut(scenario: Scenario, servers: Servers, backend: Backend): Promise<boolean> {
  const began = performance.now()
  const took = (): string => `${((performance.now() - began) / 1_000).toFixed(1)} s`
  process.stderr.write(`${scenario.name} on ${backend} ...\n`)
  try {
    const { verdict, figures } = await scenario.run(servers, backend)
    const clean = verdict === null || isClean(verdict)
    const line = [figures, ...(verdict === null ? [] : [inOneLine(verdict)])].filter((each) => each !== '')
    print(`${clean ? 'clean' : 'BROKEN'}  ${scenario.name} on ${backend}: ${line.join('; ')} (${took()})`)
    if (verdict !== null) show(verdict)
    return clean
  } catch (error) {
    print(
      `BROKEN  ${scenario.name} on ${backend}: ${error instanceof Error ? error.message : String(error)} (${took()})`,
    )
    return false
  }
}

async function soaked(servers: Servers, plan: SoakPlan, keep: boolean): Promise<boolean> {
  const command = `pnpm chaos ${process.argv
    .slice(2)
    .filter((each) => each !== '--append')
    .join(' ')}`.trim()
  const found = await soak(servers, plan)
  const faults = [...found.faults].map(([name, times]) => `${name} ${times}`)
  const clean = isClean(found.verdict)
  print(
    `${clean ? 'clean' : 'BROKEN'}  soak on ${plan.backend}: ${inOneLine(found.verdict)} (${found.seconds} s)`,
  )
  print(`  faults: ${faults.join(', ')}`)
  show(found.verdict)
  const line = row(found, command)
  print(line)
  if (keep) await append(line)
  return clean
}

const call = readCall()
if (call.help) {
  print(HELP)
  process.exit(0)
}
if (call.list) {
  for (const { name, on } of SCENARIOS) print(on === undefined ? name : `${name} (${on})`)
  print('soak')
  process.exit(0)
}
const unknown = call.only.filter((name) => name !== 'soak' && !SCENARIOS.some((each) => each.name === name))
if (unknown.length > 0) usage(`there is no scenario ${unknown.join(', ')}: see --list`)
const kills = count('kills', call.kills)
const tenth = String(Math.ceil(kills / 10))
const plan = {
  incidents: count('incidents', call.incidents),
  kills,
  postgresKills: count('postgres-kills', call['postgres-kills'] ?? tenth),
  flushes: count('flushes', call.flushes ?? tenth),
  others: OTHERS,
  seed: count('seed', call.seed),
  timeScale: count('time-scale', call['time-scale']),
}

const servers = await openServers()
let clean = true
try {
  const backend = (call.backend ?? (servers.redis === null ? 'postgres' : 'redis')) as Backend
  if (!['redis', 'postgres'].includes(backend)) usage(`--backend ${backend} is neither redis nor postgres`)
  if (backend === 'redis' && servers.redis === null) usage('no redis-server is installed here')
  const chosen = SCENARIOS.filter(
    ({ name, on }) =>
      (on === undefined || on === backend) && (call.only.length === 0 || call.only.includes(name)),
  )
  for (const scenario of chosen) if (!(await tryOut(scenario, servers, backend))) clean = false
  if (call.only.length === 0 || call.only.includes('soak')) {
    if (!(await soaked(servers, { backend, ...plan }, call.append))) clean = false
  }
} finally {
  await servers.close()
}
process.exit(clean ? 0 : 1)
