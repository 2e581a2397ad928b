import { createHmac, randomInt } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { EsaError } from '@esa/protocol'
import { errorCode } from './error-code.ts'
import type { HomePaths } from './home-paths.ts'
import { SUPERUSER } from './init-cluster.ts'

/**
 * Ports are picked here, below what systems hand out to outgoing connections: there, a client that tries to reconnect to a
 * stopped server can be given the server's own port and hold it.
 */
const PORT_FIRST = 20_000
const PORT_LAST = 29_999
/** With a hundred misses something else is wrong than bad luck. */
const PORT_TRIES = 100

/** The home's database; everything of the runtime lives there. */
export const DATABASE = 'esa'

/** Who the runtime is on an embedded server: it owns nothing there, and is not a superuser. */
const RUNTIME_ROLE = 'esa_runtime'

/** The port of this data directory, picked and kept at the first start. A copied or moved home picks another. */
export async function settledPort(paths: HomePaths): Promise<number> {
  const kept = await keptPort(paths)
  if (kept !== undefined) return kept
  const port = await freePort()
  await writeFile(paths.settingsFile, `${JSON.stringify({ port, dataDirectory: paths.data }, null, 2)}\n`)
  return port
}

/** URLs of the home's server on `port`: as superuser for its own database and for `postgres`, and as the runtime. */
export async function serverUrls(
  paths: HomePaths,
  port: number,
): Promise<{ url: string; adminUrl: string; runtimeUrl: string }> {
  const password = (await readFile(paths.passwordFile, 'utf8')).trim()
  const server = (role: string, secret: string) =>
    `postgresql://${role}:${encodeURIComponent(secret)}@127.0.0.1:${port}`
  const admin = server(SUPERUSER, password)
  const runtime = server(RUNTIME_ROLE, runtimePassword(password))
  return { url: `${admin}/${DATABASE}`, adminUrl: `${admin}/postgres`, runtimeUrl: `${runtime}/${DATABASE}` }
}

/** The runtime's own password, made of the superuser's and of no use to find that. */
function runtimePassword(password: string): string {
  return createHmac('sha256', password).update(RUNTIME_ROLE).digest('base64url')
}

/** The port that this data directory was given at its first start. */
export async function keptPort(paths: HomePaths): Promise<number | undefined> {
  const text = await readFile(paths.settingsFile, 'utf8').catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    return '{}'
  })
  try {
    const { port, dataDirectory } = JSON.parse(text) as { port?: unknown; dataDirectory?: unknown }
    return typeof port === 'number' && dataDirectory === paths.data ? port : undefined
  } catch {
    // Cut short by a crash in its only write, before any server used it.
    return undefined
  }
}

async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const port = randomInt(PORT_FIRST, PORT_LAST + 1)
    if (await isFree(port)) return port
  }
  throw new EsaError(
    'database.no-free-port',
    'transient',
    'No free port was found for the embedded PostgreSQL.',
    {
      hint: `Free a port between ${PORT_FIRST} and ${PORT_LAST} on 127.0.0.1.`,
    },
  )
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
