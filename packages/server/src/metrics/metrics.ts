import { EventTally, readMetricFigures } from '@esa/operations'
import { type LogGuard, logGuard } from '@esa/store'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ServerPorts } from '../ports.ts'
import { type Family, only, writeFamilies } from './family.ts'
import { ladderFamilies } from './ladder-families.ts'
import { workFamilies } from './work-families.ts'

/** Upper bounds of the buckets of request durations, s: from a read in memory to what a person takes for broken. */
const REQUEST_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/** Two scrapes that are nearer to each other share what was read: several monitors must not cost the store several times, ms. */
const READ_ANEW_AFTER_MS = 1_000

/** Who may change the log is checked on a connection of its own, so seldom, ms: it changes with a deployment. */
const GUARD_ANEW_AFTER_MS = 300_000

/** Gauges of prom-client that are named like counters, which promtool refuses. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`)

/** How often the event loop’s lag is sampled, ms: it is the least that is shown, and each sample wakes an idle process. */
const LOOP_SAMPLE_MS = 100

/** What a scrape of this server tells: what the store knows, which all servers tell alike, and what this process does. */
export class Metrics {
  readonly #ports: ServerPorts
  readonly #tally = new EventTally()
  readonly #registry = new Registry()
  readonly #requests: Histogram
  readonly #stored: () => Promise<Family[]>
  readonly #guard: () => Promise<LogGuard>
  readonly #refresh: () => void

  constructor(ports: ServerPorts, followers: () => number) {
    this.#ports = ports
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LOOP_SAMPLE_MS })
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name)
    this.#requests = new Histogram({
      name: 'esa_http_request_duration_seconds',
      help: 'Until a request’s answer began, by method, template of the route, and status.',
      labelNames: ['method', 'route', 'status'],
      buckets: REQUEST_BOUNDS,
      registers,
    })
    const clients = new Gauge({ name: 'esa_sse_clients', help: 'Pages that follow the stream.', registers })
    this.#stored = kept(READ_ANEW_AFTER_MS, () => this.#read())
    this.#guard = kept(GUARD_ANEW_AFTER_MS, () => logGuard(ports.world.databaseUrl))
    this.#refresh = () => clients.set(followers())
  }

  /** Times every request. A route is labeled by its template, so that no caller can create labels. */
  readonly timing: MiddlewareHandler = async (context, next) => {
    const began = performance.now()
    await next()
    const { req, res } = context
    const labels = { method: req.method, route: routePath(context, -1), status: String(res.status) }
    this.#requests.observe(labels, (performance.now() - began) / 1_000)
  }

  /** The text of a scrape. Of a store that does not answer it tells just that. */
  async scrape(): Promise<string> {
    this.#refresh()
    const own = await this.#registry.metrics()
    const stored = await this.#stored().catch((error: unknown) => {
      this.#ports.log.warn({ err: error }, 'the store’s figures cannot be read')
      return null
    })
    const guard = await this.#guard().catch(() => null)
    const up: Family = {
      name: 'esa_store_up',
      help: '1 while the store answers.',
      type: 'gauge',
      samples: only(stored === null ? 0 : 1),
    }
    return `${await writeFamilies([up, ...(stored ?? []), guardFamily(guard)])}\n${own}`
  }

  async #read(): Promise<Family[]> {
    const seen = await readMetricFigures(this.#ports.world, this.#tally)
    return [...ladderFamilies(seen), ...workFamilies(seen)]
  }
}

function guardFamily(guard: LogGuard | null): Family {
  const help = '1 when the runtime’s role can only add to the log; 0 when it could change it.'
  const samples = guard === null ? [] : only(guard.why === null ? 1 : 0)
  return { name: 'esa_log_guarded', help, type: 'gauge', samples }
}

/** Asks at most once in a while, and again at once after a failure. */
function kept<T>(forMs: number, ask: () => Promise<T>): () => Promise<T> {
  let asked: { at: number; answer: Promise<T> } | null = null
  return async () => {
    const now = performance.now()
    if (asked === null || now - asked.at >= forMs) {
      const mine = { at: now, answer: ask() }
      asked = mine
      mine.answer.catch(() => (asked === mine ? (asked = null) : null))
    }
    return await asked.answer
  }
}
