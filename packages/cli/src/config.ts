import { isIP } from 'node:net'
import { isAbsolute, resolve } from 'node:path'
import { SANDBOX_UID } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import { NO_PROJECT, type Project } from './esa-config.ts'
import { AGENTS_FOLDER } from './project-root.ts'
import { type SignInConfig, signInConfig } from './sign-in-config.ts'
import { type TraceSettings, traceSettings, traceVariables } from './trace-settings.ts'

/** Where the console is to be found on a machine with one runtime: it keeps its place in bookmarks. */
export const USUAL_PORT = 4310

/** Options that every command takes, as commander gives them. */
export interface GlobalFlags {
  home?: string
  config?: string
  databaseUrl?: string
  rehearsalUrl?: string
  timeScale?: string
  json?: boolean
  yes?: boolean
}

const url = (schemes: string[]) =>
  z
    .string()
    .refine((text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)), {
      error: `must start with ${schemes.map((s) => `${s}://`).join(' or ')}`,
      abort: true,
    })
    .refine(isReadable, 'is not a URL: special characters of a password must be percent-encoded')
    .meta({ format: 'uri' })

/** True when every reader of a URL can take it: some decode its parts, and fail on a lone %. */
function isReadable(text: string): boolean {
  try {
    decodeURIComponent(new URL(text).href)
    return true
  } catch {
    return false
  }
}

function holdsNoUser(text: string): boolean {
  const { username, password } = new URL(text)
  return username === '' && password === ''
}

function listed(text: string): string[] {
  return text.split(',').map((one) => one.trim())
}

/** An address, or a network in CIDR notation. */
function isNetwork(text: string): boolean {
  const [net = '', prefix = '0', ...more] = text.split('/')
  return (
    isIP(net) !== 0 &&
    /^\d{1,3}$/.test(prefix) &&
    Number(prefix) <= (isIP(net) === 4 ? 32 : 128) &&
    more.length === 0
  )
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).href === `${new URL(text).origin}/`
}

const environmentSchema = z.object({
  ESA_HOME: z
    .string()
    .min(1)
    .default('.esa')
    .describe('folder of this world: the embedded database, alarms, targets'),
  ESA_CONFIG: z
    .string()
    .min(1)
    .optional()
    .describe(
      'the file that names the organization and the plugins; unset: what the home remembers, esa.config.ts in the folder of the call or above it, or ESA’s own',
    ),
  DATABASE_URL: url(['postgres', 'postgresql'])
    .optional()
    .describe('a PostgreSQL of yours instead of the embedded one'),
  ESA_OWNER_URL: url(['postgres', 'postgresql'])
    .optional()
    .describe('the same database by the role that owns the schema: it migrates, DATABASE_URL only runs'),
  ESA_REHEARSAL_URL: url(['postgres', 'postgresql'])
    .optional()
    .describe(
      'a server for rehearsals alone, of the target’s version, by a role that may create roles and databases; unset: the sandbox, an embedded PostgreSQL 18',
    ),
  ESA_SANDBOX_UID: z.coerce
    .number()
    .int()
    .min(1)
    .max(4_294_967_294)
    .default(SANDBOX_UID)
    .describe('the user id of the sandbox where esa runs as root; no account of the machine should have it'),
  ESA_TOKEN: z
    .string()
    .optional()
    .describe(
      'who acts (esa tokens create); needed where the database is on another machine, and to approve',
    ),
  REDIS_URL: url(['redis', 'rediss']).optional().describe('queues on Redis instead of on the database'),
  ESA_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('where esa up serves the API and the console; beyond this machine it takes tokens'),
  ESA_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('its port; unset: 4310, or any free one while that is taken; 0: any free one'),
  ESA_PUBLIC_URL: url(['http', 'https'])
    .refine(isOrigin, 'must be an origin alone, like https://esa.example.org')
    .optional()
    .describe('where people reach the console, through a proxy'),
  ESA_TRUSTED_PROXIES: z
    .string()
    .refine(
      (text) => listed(text).every(isNetwork),
      'must be addresses or networks, like 10.0.0.5, 10.1.0.0/16',
    )
    .optional()
    .describe(
      'addresses and networks of the proxies before it, with commas: the caller is the rightmost address that is none of them; unset: with ESA_PUBLIC_URL this machine’s',
    ),
  ESA_OIDC_ISSUER: url(['https', 'http'])
    .optional()
    .describe('the OpenID provider at which people sign in; with it, ESA_OIDC_CLIENT_ID'),
  ESA_OIDC_CLIENT_ID: z.string().min(1).optional().describe('what this runtime is called there'),
  ESA_OIDC_CLIENT_SECRET_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('a file with the secret of that client; unset: a public client, which has none'),
  ESA_OIDC_SCOPES: z
    .string()
    .default('agents:read incidents:write db:read')
    .describe('what a person who signs in there may do: scopes with spaces between them'),
  ESA_TIME_SCALE: z.coerce
    .number()
    .positive()
    .max(1_000_000)
    .default(1)
    .describe('divides every wait when a policy is pinned; for demos and rehearsals'),
  ESA_ALARM_WEBHOOK: url(['http', 'https'])
    .refine(holdsNoUser, 'must hold no user or password: fetch refuses them, and repeats them as it does')
    .optional()
    .describe('alarms are posted here besides the alarm file'),
  ESA_SEAL_URL: url(['http', 'https'])
    .refine(holdsNoUser, 'must hold no user or password: fetch refuses them, and repeats them as it does')
    .optional()
    .describe(
      'each seal of the log is posted here, so that it is kept where no one of this machine can change it',
    ),
  ESA_AGENTS: z.string().optional().describe('cards are read from here instead of ESA’s own agents/'),
  ESA_OWN_AGENTS: z
    .string()
    .optional()
    .describe('your own cards, beside those; a card with the same id replaces ours'),
  ESA_LOG: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('warn')
    .describe('how much a worker writes to stderr'),
  ...traceVariables,
})

/** A variable that decides something, as the reference of the configuration shows it. */
export interface Setting {
  name: string
  about: string
  /** What may stand there, in words. */
  takes: string
  /** Null: unset means none. */
  fallback: string | null
}

/** Every variable that is read, from the schema that reads them. */
export function settings(): Setting[] {
  const { properties = {} } = z.toJSONSchema(environmentSchema)
  return Object.entries(properties).map(([name, schema]) => {
    const known = typeof schema === 'boolean' ? {} : schema
    const { description = '', default: fallback } = known
    const scalar = typeof fallback === 'string' || typeof fallback === 'number'
    return { name, about: description, takes: takenBy(known), fallback: scalar ? String(fallback) : null }
  })
}

function takenBy({
  enum: choices,
  format,
  type,
  minimum,
  exclusiveMinimum,
  maximum,
}: z.core.JSONSchema.BaseSchema): string {
  if (choices !== undefined) return choices.join(', ')
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`
  if (type === 'number') return `a number above ${exclusiveMinimum}, up to ${maximum}`
  return format === 'uri' ? 'a URL' : 'text'
}

/** The names of all variables that are read. */
export const SETTINGS: ReadonlySet<string> = new Set(Object.keys(environmentSchema.shape))

/** Everything that the environment and the flags decide, read once. */
export interface Config {
  home: string
  /** What the runtime is composed of. */
  project: Project
  /** Null: the embedded server under `home`. */
  databaseUrl: string | null
  /** The database by its schema's owner, who migrates and retires. Null: the same role as the runtime's. */
  ownerUrl: string | null
  /** A server that serves rehearsals and nothing else. Null: the sandbox of `home`. */
  rehearsalUrl: string | null
  /** The user id of the sandbox where this process is root. */
  sandboxUid: number
  /** Who acts, where the database alone does not say so. It comes from the environment only, never from a flag. */
  token: string | null
  /** Null: BullMQ's backend on the runtime's own database. */
  redisUrl: string | null
  /** Where `esa up` serves the API and the console. */
  host: string
  /** Null: the usual one, or any free one while that is taken. 0: any free one. */
  port: number | null
  /** The origin under which a reverse proxy shows the server, or null. */
  publicUrl: string | null
  /** The proxies that are believed, or null: none, or with `publicUrl` those of this machine. */
  trustedProxies: readonly string[] | null
  /** The OpenID provider at which people sign in. Null: there is none. */
  signIn: SignInConfig | null
  timeScale: number
  alarmWebhook: string | null
  /** Where seals of the log are posted, or null. */
  sealUrl: string | null
  /** The folders of the cards. A card in a later one replaces an earlier one's of the same agent. */
  agents: readonly string[]
  /** The folder of own agents beside the organization, or null. It is the last of `agents`. */
  ownAgents: string | null
  logLevel: z.infer<typeof environmentSchema>['ESA_LOG']
  /** Null: nothing is traced. */
  traces: TraceSettings | null
  json: boolean
  yes: boolean
}

/**
 * The configuration: flags win over the environment, empty variables count as unset.
 * @throws EsaError `config.invalid` (terminal) that names every faulty variable at once.
 */
export function readConfig(
  flags: GlobalFlags,
  environment: NodeJS.ProcessEnv,
  project: Project = NO_PROJECT,
): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = environmentSchema.safeParse({
    ...given,
    ...(flags.home === undefined ? {} : { ESA_HOME: flags.home }),
    ...(flags.databaseUrl === undefined ? {} : { DATABASE_URL: flags.databaseUrl }),
    ...(flags.rehearsalUrl === undefined ? {} : { ESA_REHEARSAL_URL: flags.rehearsalUrl }),
    ...(flags.timeScale === undefined ? {} : { ESA_TIME_SCALE: flags.timeScale }),
  })
  if (!parsed.success) {
    // Messages name the variable and the rule, never the value: it may hold a password.
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
    throw new EsaError('config.invalid', 'terminal', `the configuration is faulty: ${faults.join('; ')}`, {
      hint: 'see: esa --help, "Environment"',
    })
  }
  const { ESA_HOME, DATABASE_URL, ESA_OWNER_URL, REDIS_URL, ESA_TIME_SCALE, ESA_ALARM_WEBHOOK } = parsed.data
  const { ESA_AGENTS, ESA_OWN_AGENTS, ESA_LOG, ESA_TRUSTED_PROXIES } = parsed.data
  const agents = ESA_AGENTS === undefined ? (project.organization ?? AGENTS_FOLDER) : resolve(ESA_AGENTS)
  const ownAgents = ESA_OWN_AGENTS === undefined ? null : resolve(ESA_OWN_AGENTS)
  return {
    home: isAbsolute(ESA_HOME) ? ESA_HOME : resolve(ESA_HOME),
    project,
    databaseUrl: DATABASE_URL ?? null,
    ownerUrl: ESA_OWNER_URL ?? null,
    rehearsalUrl: parsed.data.ESA_REHEARSAL_URL ?? null,
    sandboxUid: parsed.data.ESA_SANDBOX_UID,
    token: parsed.data.ESA_TOKEN ?? null,
    redisUrl: REDIS_URL ?? null,
    host: parsed.data.ESA_HOST,
    port: parsed.data.ESA_PORT ?? null,
    publicUrl: parsed.data.ESA_PUBLIC_URL === undefined ? null : new URL(parsed.data.ESA_PUBLIC_URL).origin,
    trustedProxies: ESA_TRUSTED_PROXIES === undefined ? null : listed(ESA_TRUSTED_PROXIES),
    signIn: signInConfig(parsed.data),
    timeScale: ESA_TIME_SCALE,
    alarmWebhook: ESA_ALARM_WEBHOOK ?? null,
    sealUrl: parsed.data.ESA_SEAL_URL ?? null,
    agents: ownAgents === null ? [agents] : [agents, ownAgents],
    ownAgents,
    logLevel: ESA_LOG,
    traces: traceSettings(parsed.data),
    json: flags.json === true,
    yes: flags.yes === true,
  }
}
