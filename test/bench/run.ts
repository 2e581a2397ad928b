import { cpus, loadavg } from 'node:os'
import { backends } from '../redis/backends.ts'
import { benchMessages } from './messages.ts'
import { benchProcess } from './process-figures.ts'
import { benchTimers } from './timers.ts'

/** Deadlines at one instant, as the promise of the runtime counts them. */
const DEADLINES = 500

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const load = (): string =>
  loadavg()
    .map((each) => each.toFixed(2))
    .join(' ')

print(
  `${new Date().toISOString()}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, load ${load()}`,
)
for (const { name, open } of backends()) {
  const servers = await open()
  try {
    const redisUrl = servers.redis?.url ?? null
    print(`\n## Queues on ${name}\n`)
    const show = (figures: [string, string][]): void => {
      for (const [what, figure] of figures) print(`| ${what} | ${figure} |`)
    }
    show(await benchMessages(servers.url, redisUrl))
    show(await benchTimers(servers.url, redisUrl, DEADLINES))
    show(await benchProcess(redisUrl))
  } finally {
    await servers.close()
  }
}
print(`\nload at the end ${load()}`)
