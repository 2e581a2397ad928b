import { lookup as systemLookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { EsaError } from '@esa/protocol'
import { isPrivateAddress } from './refused-addresses.ts'

/** Finds the addresses of a host; tests give their own. */
export type FindAddresses = (host: string) => Promise<{ address: string; family: number }[]>

/** What the machine's resolver says. */
export const systemAddresses: FindAddresses = async (host) => await systemLookup(host, { all: true })

/**
 * The addresses of a host that a channel may connect to. A connection must use exactly these: the name is not looked up
 * again, so that a second answer of its name server cannot lead elsewhere.
 * @throws EsaError `channel.private-address` (terminal) when one is private and that is not allowed, `channel.unreachable` (transient).
 */
export async function allowedAddresses(
  host: string,
  allowPrivate: boolean,
  find: FindAddresses,
): Promise<{ address: string; family: number }[]> {
  const bare = host.replace(/^\[|\]$/g, '')
  const family = isIP(bare)
  const found = family === 0 ? await findNamed(bare, find) : [{ address: bare, family }]
  const refused = found.find(({ address }) => isPrivateAddress(address))
  if (allowPrivate || refused === undefined) return found
  throw new EsaError(
    'channel.private-address',
    'terminal',
    `${bare} is at ${refused.address}, an address of this machine or of a private network`,
    { hint: 'if that is meant: add the channel again with --allow-private' },
  )
}

async function findNamed(host: string, find: FindAddresses): Promise<{ address: string; family: number }[]> {
  try {
    const found = await find(host)
    if (found.length > 0) return found
  } catch (cause) {
    throw new EsaError('channel.unreachable', 'transient', `the name ${host} leads nowhere`, { cause })
  }
  throw new EsaError('channel.unreachable', 'transient', `the name ${host} leads nowhere`)
}
