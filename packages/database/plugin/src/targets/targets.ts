import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { connectPool, describeUrl } from '@esa/pg-server'
import type { OpenTarget } from '../activities/open-target.activity.ts'
import type { WorkloadStatement } from '@esa/database-advice/measure'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import type { Config } from '../config.ts'
import { GUARD_LOG } from './guard-log.ts'
import { warnOnce } from './target-warnings.ts'
import { isQuietHours, requireLoudHours } from './quiet-hours.ts'
import { readText } from '@esa/cli/plugin-kit'

/** Connections that one look at a target may take when nothing else was said: a database that is looked after must not feel it. */
const TARGET_CONNECTIONS = 3

const targetSchema = z.strictObject({
  at: z.string(),
  workload: z.string().optional(),
  timeoutMs: z.int().positive().optional(),
  connections: z.int().positive().optional(),
  quiet: z.string().refine(isQuietHours, 'is not like 22:00-06:00').optional(),
  allowOwner: z.boolean().optional(),
  guardLog: z.enum(GUARD_LOG).optional(),
})
const targetsSchema = z.record(z.string(), targetSchema)

/**
 * A named target: `at` is a URL or `env:VAR`, `workload` the path of a file of statements. A statement that looks at it takes
 * `timeoutMs` at most, a command `connections` at most, and heavy work rests in the `quiet` hours, like 22:00-06:00.
 * With `allowOwner` a role that owns it may read what others wrote; with `guardLog` `never` nothing is judged that its server would log.
 */
export type Target = z.infer<typeof targetSchema>

/** Targets by name. */
export type Targets = Record<string, Target>

/** Where a target leads, and its limits; null where nothing was said. */
export interface ResolvedTarget {
  url: string
  workload: string | null
  timeoutMs: number | null
  connections: number | null
  quiet: string | null
  allowOwner: boolean
  guardLog: (typeof GUARD_LOG)[number]
}

/** Names are short words, so that none is mistaken for a URL or a variable. */
const NAME = /^[a-z][a-z0-9-]{0,39}$/

/** The targets of a home. */
export async function readTargets({ home }: Pick<Config, 'home'>): Promise<Targets> {
  const file = join(home, 'targets.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new EsaError('config.targets', 'terminal', `cannot read ${file}`, { cause })
  }
  const parsed = targetsSchema.safeParse(safeJson(text))
  if (parsed.success) return parsed.data
  throw new EsaError('config.targets', 'terminal', `${file} is damaged: ${z.prettifyError(parsed.error)}`, {
    hint: 'mend or remove the file, then: esa targets add NAME URL',
  })
}

/** Keeps a target. @throws EsaError `usage.target-name`, `usage.target-url`, `usage.quiet` or `usage.connections` (terminal). */
export async function addTarget(config: Config, name: string, target: Target): Promise<void> {
  const { at, quiet, connections } = target
  // A name that is not one may be a URL in the wrong place, with a password: it is not repeated.
  if (!NAME.test(name))
    throw new EsaError('usage.target-name', 'terminal', 'the name of a target is a short word', {
      hint: 'like shop or orders-db: small letters, digits and dashes',
    })
  if (!/^env:[A-Za-z_]\w*$/.test(at) && !isPostgresUrl(at)) throw badUrl()
  if (quiet !== undefined && !isQuietHours(quiet))
    throw new EsaError('usage.quiet', 'terminal', `--quiet ${quiet} is not a time range`, {
      hint: 'like 22:00-06:00, in the time zone of this machine',
    })
  if (connections !== undefined && !(Number.isInteger(connections) && connections > 0))
    throw new EsaError('usage.connections', 'terminal', '--connections is a whole number above 0')
  await writeTargets(config, { ...(await readTargets(config)), [name]: target })
}

/** Forgets a target. @throws EsaError `target.unknown` (terminal). */
export async function removeTarget(config: Config, name: string): Promise<void> {
  const targets = await readTargets(config)
  if (!Object.hasOwn(targets, name)) throw unknownTarget(name, Object.keys(targets))
  await writeTargets(config, Object.fromEntries(Object.entries(targets).filter(([key]) => key !== name)))
}

/** The file is readable by its owner only, as a URL may hold a password. */
async function writeTargets({ home }: Pick<Config, 'home'>, targets: Targets): Promise<void> {
  const file = join(home, 'targets.json')
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, `${JSON.stringify(targets, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

/** True for what can only be a target's name. */
export function isTargetName(target: string): boolean {
  return NAME.test(target)
}

/** Where a target leads: a name of this home, `env:VAR`, or a URL. @throws EsaError `target.unknown` or `usage.target-url` (terminal). */
export async function resolveTarget(
  config: Config,
  target: string,
  environment: NodeJS.ProcessEnv,
): Promise<ResolvedTarget> {
  if (isPostgresUrl(target)) return unlimited(target)
  if (!NAME.test(target) && !target.startsWith('env:')) throw badUrl()
  if (target.startsWith('env:')) return unlimited(fromEnvironment(target, environment))
  const targets = await readTargets(config)
  const known = Object.hasOwn(targets, target) ? targets[target] : undefined
  if (known === undefined) throw unknownTarget(target, Object.keys(targets))
  const url = known.at.startsWith('env:') ? fromEnvironment(known.at, environment) : known.at
  const { workload = null, timeoutMs = null, connections = null, quiet = null } = known
  const { allowOwner = false, guardLog = 'warn' } = known
  return { url, workload, timeoutMs, connections, quiet, allowOwner, guardLog }
}

function unlimited(url: string): ResolvedTarget {
  const limits = { workload: null, timeoutMs: null, connections: null, quiet: null }
  return { url, ...limits, allowOwner: false, guardLog: 'warn' }
}

/** How a target is opened beside its name. */
export interface OpenOptions {
  /** A file of statements that is taken instead of the target's own. */
  workloadFile?: string | undefined
  /** What will weigh on the target, for people: it waits for the end of the quiet hours. */
  heavy?: string | undefined
}

/**
 * Opens a target for Layer 1, within its limits. @throws EsaError `target.unknown`, `file.unreadable` or `workload.*` (terminal),
 * `target.quiet` (transient), `database.*`.
 */
export async function openTarget(
  config: Config,
  name: string,
  environment: NodeJS.ProcessEnv,
  { workloadFile, heavy }: OpenOptions = {},
): Promise<OpenTarget> {
  const resolved = await resolveTarget(config, name, environment)
  const { url, connections, timeoutMs, quiet, allowOwner, guardLog } = resolved
  if (heavy !== undefined) requireLoudHours(name, quiet, heavy, new Date())
  const workload = workloadFile ?? resolved.workload
  const statements = workload === null ? null : await readWorkload(workload)
  const pool = await connectPool(url, {
    max: connections ?? TARGET_CONNECTIONS,
    applicationName: 'esa layer-1',
    ...(timeoutMs === null ? {} : { statementTimeoutMs: timeoutMs }),
  })
  const terms = { allowOwner, guardLog, warn: config.json ? () => {} : warnOnce(name) }
  return { queryable: pool, workload: statements, terms, close: () => pool.end() }
}

/** The statements of a workload file. @throws EsaError `file.unreadable` or `workload.*` (terminal). */
export async function readWorkload(file: string): Promise<WorkloadStatement[]> {
  const { parseWorkload } = await import('@esa/database-advice/measure')
  return parseWorkload(await readText(file))
}

/** A target for people: never with its password. */
export function describeTarget(at: string): string {
  return at.startsWith('env:') ? at : describeUrl(at)
}

/** True for a URL of PostgreSQL that parses. */
function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text)
}

/** What was given is not repeated: it may hold a password. */
function badUrl(): EsaError {
  return new EsaError('usage.target-url', 'terminal', 'not a target: neither a name nor env:VAR nor a URL', {
    hint: 'a URL begins with postgres:// and its password is percent-encoded',
  })
}

function unknownTarget(name: string, known: string[]): EsaError {
  return new EsaError('target.unknown', 'terminal', `there is no target "${name}"`, {
    hint: known.length === 0 ? 'add it with: esa targets add NAME URL' : `known targets: ${known.join(', ')}`,
  })
}

function fromEnvironment(reference: string, environment: NodeJS.ProcessEnv): string {
  const variable = reference.slice('env:'.length)
  const url = environment[variable]
  if (url !== undefined && url !== '') return url
  throw new EsaError('target.unknown', 'terminal', `the variable ${variable} is not set`, {
    hint: `export ${variable}=postgres://...`,
  })
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
