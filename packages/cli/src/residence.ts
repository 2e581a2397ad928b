import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { embeddedServerStatus, isLoopback } from '@esa/pg-server'
import { type Place, type Residence, residence, settle } from '@esa/store'
import type { Config } from './config.ts'

const POSTGRES_PORT = '5432'

/**
 * Where this world's database is, and whether its runtime is at home there. Source: docs/decisions/0012. With `claim`, a
 * world without a home settles here, and an embedded one whose folder was moved on this machine moves with it.
 */
export async function residenceOf(
  config: Config,
  databaseUrl: string,
  { claim = false } = {},
): Promise<Residence> {
  const address = await addressOf(config, databaseUrl)
  const found = await residence(databaseUrl, address, { claim })
  if (found.atHome || !found.places.some((place) => movedFrom(place, found.here))) return found
  return claim ? await settle(databaseUrl, address, 'same') : { ...found, atHome: true }
}

/** Says that the runtime belongs where its database is now. */
export async function adoptHere(
  config: Config,
  databaseUrl: string,
  as: 'copy' | 'same',
): Promise<Residence> {
  return await settle(databaseUrl, await addressOf(config, databaseUrl), as)
}

/** A place in a few words. */
export function describePlace({ address, database, system }: Place): string {
  return `${database} at ${address}${system === null ? '' : ` (system ${system})`}`
}

/**
 * How a database is reached, so that all machines say the same: a server on this machine goes by the machine's name, the
 * home's embedded one by machine and folder, also when a URL leads to it, and Neon's pooled host by the direct one.
 */
async function addressOf(config: Config, databaseUrl: string): Promise<string> {
  const { hostname: host, port, searchParams } = new URL(databaseUrl)
  const named = searchParams.get('host') ?? decodeURIComponent(host)
  if (!isLoopback(databaseUrl))
    return `${named.toLowerCase().replace('-pooler.', '.')}:${port || POSTGRES_PORT}`
  const { server, dataDirectory } = await embeddedServerStatus({ home: config.home })
  const isEmbedded = server !== undefined && String(server.port) === port
  return `${hostname()}:${isEmbedded ? dataDirectory : port || POSTGRES_PORT}`
}

/** True when an embedded server's folder was there before and is not any more: moved, not copied. */
function movedFrom(place: Place, here: Place): boolean {
  const machine = `${hostname()}:/`
  const embedded = place.address.startsWith(machine) && here.address.startsWith(machine)
  if (!embedded || place.system === null || place.system !== here.system) return false
  return !existsSync(place.address.slice(machine.length - 1))
}
