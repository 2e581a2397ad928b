import { EsaError } from '@esa/protocol'

/**
 * The parsed form of a PostgreSQL URL.
 * @throws EsaError `database.url-unreadable` (terminal); it carries no part of the URL, because it may hold a password.
 */
export function parseDatabaseUrl(url: string): URL {
  const parsed = URL.parse(url)
  if (parsed && (parsed.protocol === 'postgres:' || parsed.protocol === 'postgresql:')) return parsed
  throw new EsaError('database.url-unreadable', 'terminal', 'This is not a PostgreSQL URL.', {
    hint: 'Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE and percent-encode special characters in the password.',
  })
}

/** `user@host:port/database` for messages and logs; never the password or the query, and never throws. */
export function describeUrl(url: string): string {
  const parsed = URL.parse(url)
  if (!parsed || !/^postgres(ql)?:$/.test(parsed.protocol)) return 'an unreadable database URL'
  const user = parsed.username === '' ? '' : `${decode(parsed.username)}@`
  const host = parsed.host === '' ? (parsed.searchParams.get('host') ?? 'localhost') : decode(parsed.host)
  return `${user}${host}${decode(parsed.pathname)}`
}

/** True when the URL leads to this machine: localhost, 127.0.0.0/8, ::1, or a unix socket, and no proxy leads away. */
export function isLoopback(url: string): boolean {
  const parsed = URL.parse(url)
  if (!parsed) return false
  const proxy = parsed.searchParams.get('wsproxy')
  if (proxy !== null && !isLoopbackHost(proxy.replace(/:\d+$/, ''))) return false
  return isLoopbackHost(decode(parsed.searchParams.get('host') ?? parsed.hostname))
}

function isLoopbackHost(host: string): boolean {
  if (host === '' || host.startsWith('/')) return true
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** True for a Neon host, which is reached over WebSocket. */
export function isNeon(url: string): boolean {
  return parseDatabaseUrl(url).hostname.endsWith('.neon.tech')
}

/** Names of the providers whose servers are shared, and reached from everywhere. */
const HOSTED =
  /\.(?:neon\.tech|rds\.amazonaws\.com|postgres\.database\.azure\.com|supabase\.(?:co|com)|aivencloud\.com|render\.com|ondigitalocean\.com)$/

/** True for a server that a provider runs, by its name. */
export function isHosted(url: string): boolean {
  return HOSTED.test(parseDatabaseUrl(url).hostname)
}

/**
 * True behind a transaction-mode pooler: no startup options, no session state, no LISTEN. Neon's is known by its host;
 * any other is declared by `?pgbouncer=true`, because a pooler cannot be detected.
 */
export function isPooler(url: string): boolean {
  const { hostname, searchParams } = parseDatabaseUrl(url)
  return hostname.includes('-pooler.') || searchParams.get('pgbouncer') === 'true'
}

/** `host:port` of the WebSocket proxy that `?wsproxy=` names: how a server is reached that only a proxy can reach. */
export function webSocketProxy(url: string): string | null {
  return parseDatabaseUrl(url).searchParams.get('wsproxy')
}

/** True when a session of one's own can be had over plain TCP, which BullMQ's PostgreSQL backend needs. */
export function hasSessions(url: string): boolean {
  return !isPooler(url) && webSocketProxy(url) === null
}

/** The same server and user, another database. */
export function withDatabase(url: string, name: string): string {
  const parsed = parseDatabaseUrl(url)
  parsed.pathname = `/${encodeURIComponent(name)}`
  return parsed.href
}

/** The database a URL names, or its user's name, which is PostgreSQL's own default. */
export function databaseOf(url: string): string {
  const parsed = parseDatabaseUrl(url)
  return decode(parsed.pathname.slice(1)) || decode(parsed.username)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
