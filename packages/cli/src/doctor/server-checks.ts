import { createServer } from 'node:net'
import { embeddedServerStatus } from '@esa/pg-server'
import { isEsaError } from '@esa/protocol'
import { consoleState } from '../build-console.ts'
import { type Config, USUAL_PORT } from '../config.ts'
import { isPrivate, requireTokenIn } from '../require-token.ts'
import { type Check, checked } from './check.ts'

/** A server on this machine that has not answered in this time is none of ours, ms. */
const ANSWERS_WITHIN_MS = 2_000

/** What `esa up` needs to serve the API and the console: pages, a port, and beyond this machine a token. */
export function serverChecks(config: Config): Promise<Check[]> {
  return Promise.all([
    checked('console', () => pages(config)),
    checked('port', () => port(config)),
    checked('token', () => token(config)),
  ])
}

async function pages({ home }: Config): Promise<Omit<Check, 'name'>> {
  const { state, unbuildable } = await consoleState(home)
  if (unbuildable !== null) {
    const message = `the console’s pages are ${state} and cannot be built (${unbuildable}): only the API is served`
    return { status: 'warning', message, fix: 'install again: npx -y pnpm@12.21.0 install --frozen-lockfile' }
  }
  if (state === 'older')
    return {
      status: 'ok',
      message: 'the console’s sources are newer than its pages: the next esa up builds them',
    }
  if (state === 'absent')
    return { status: 'ok', message: 'the console is not built yet: the first esa up builds it' }
  return { status: 'ok', message: state === 'shipped' ? 'the console came built' : 'the console is built' }
}

async function port({ host, port: wanted }: Config): Promise<Omit<Check, 'name'>> {
  const at = wanted ?? USUAL_PORT
  const place = at === 0 ? `any port of ${host}` : `${host}:${at}`
  const fault = await listening(host, at)
  if (fault === null) return { status: 'ok', message: `${place} is free for esa up` }
  if (fault !== 'EADDRINUSE') {
    const why =
      fault === 'EADDRNOTAVAIL'
        ? `this machine has no address ${host}`
        : `${place} cannot be listened on (${fault})`
    return { status: 'error', message: why, fix: 'choose another ESA_HOST or ESA_PORT' }
  }
  if (await isOurs(host, at)) return { status: 'ok', message: `an esa up serves ${place}` }
  if (wanted === null)
    return { status: 'ok', message: `${place} is in use by another program: esa up takes any free port` }
  return {
    status: 'error',
    message: `${place} is in use by another program`,
    fix: 'choose another one with ESA_PORT',
  }
}

/** Null when the place can be had; else the system's code for why not. */
function listening(host: string, at: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port: at, exclusive: true }, () => server.close(() => resolve(null)))
  })
}

async function isOurs(host: string, at: number): Promise<boolean> {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${at}/health`
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) }).catch(() => null)
  const said: unknown = await answer?.json().catch(() => null)
  return typeof said === 'object' && said !== null && 'status' in said && said.status === 'alive'
}

async function token(config: Config): Promise<Omit<Check, 'name'>> {
  if (isPrivate(config))
    return { status: 'ok', message: `${config.host} is this machine alone: no login is needed` }
  const { databaseUrl, home } = config
  const url = databaseUrl ?? (await embeddedServerStatus({ home })).server?.runtimeUrl
  if (url === undefined) return { status: 'skipped', message: 'the embedded database does not run' }
  try {
    await requireTokenIn(config, url)
    return { status: 'ok', message: 'beyond this machine one logs in with a token, and there is a valid one' }
  } catch (error) {
    if (!isEsaError(error, 'auth.no-token')) throw error
    const fix = 'esa tokens create --as operator --scope admin'
    return { status: 'error', message: 'esa up would serve beyond this machine, and no token is valid', fix }
  }
}
