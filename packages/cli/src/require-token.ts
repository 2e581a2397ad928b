import { embeddedServerStatus, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'
import { openPostgresStore } from '@esa/store'
import type { Config } from './config.ts'
import { worldState } from './store-access.ts'

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/

/** True when only this machine's users can reach the server: bound to loopback, without a proxy. */
export function isPrivate({
  host,
  publicUrl,
  trustedProxies,
}: Pick<Config, 'host' | 'publicUrl' | 'trustedProxies'>): boolean {
  return LOOPBACK.test(host) && publicUrl === null && trustedProxies === null
}

/**
 * Refuses to serve beyond this machine without a valid token: before anything is started, and what had to be started
 * to find out is stopped again. @throws EsaError `auth.no-token` (terminal).
 */
export async function requireToken(config: Config): Promise<void> {
  if (isPrivate(config)) return
  if (config.databaseUrl !== null) return await requireTokenIn(config, config.databaseUrl)
  const { home } = config
  if ((await embeddedServerStatus({ home })).state === 'absent') throw noToken(config)
  const { runtimeUrl, started } = await ensureEmbeddedServer({ home })
  try {
    await requireTokenIn(config, runtimeUrl)
  } catch (error) {
    if (started) await stopEmbeddedServer({ home })
    throw error
  }
}

/** The same for a database that runs. @throws EsaError `auth.no-token` (terminal). */
export async function requireTokenIn(config: Config, databaseUrl: string): Promise<void> {
  if ((await worldState(config, databaseUrl)) === 'absent') throw noToken(config)
  const store = await openPostgresStore({ url: databaseUrl, max: 1 })
  try {
    const [tokens, { nowMs }] = [await store.listTokens(), await store.runtime()]
    const valid = tokens.some(({ revokedAt, expiresAt }) => revokedAt === null && nowMs < expiresAt)
    if (!valid) throw noToken(config)
  } finally {
    await store.close()
  }
}

function noToken({ host, publicUrl }: Config): EsaError {
  const where = publicUrl === null ? `on ${host} (ESA_HOST)` : `under ${publicUrl} (ESA_PUBLIC_URL)`
  return new EsaError(
    'auth.no-token',
    'terminal',
    `to serve ${where} takes a token, and there is none that is valid: nothing was started`,
    { hint: 'make one with: esa tokens create --as operator --scope admin; or leave ESA_HOST out' },
  )
}
