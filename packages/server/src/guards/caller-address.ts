import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net'
import type { Binding } from '../ports.ts'

/** Proxies that a request may have come through: more are a forgery, and cost time to read. */
const PROXIES_MAX = 16

/** The default address of a configured proxy: this machine. */
const THIS_MACHINE = ['127.0.0.0/8', '::1']

/** Whether what an address says of whom it speaks for is believed. */
export type IsTrusted = (address: string) => boolean

/** Who is believed: the proxies that are named; with a public URL and none named, those of this machine. */
export function trustedProxies({ publicUrl, trustedProxies: named }: Binding): IsTrusted {
  const proxies = new BlockList()
  for (const proxy of named ?? (publicUrl === undefined ? [] : THIS_MACHINE)) {
    const [net, prefix] = proxy.split('/') as [string, string?]
    const family = isIPv6(net) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) proxies.addAddress(net, family)
    else proxies.addSubnet(net, Number(prefix), family)
  }
  return (address) => isIP(address) !== 0 && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/**
 * The caller that a request is counted for: the rightmost address that no trusted proxy has, since only what a trusted proxy added
 * is true. A network of IPv6 (/64) is one caller: that much each customer gets.
 */
export function callerAddress(isTrusted: IsTrusted, peer: string, forwarded: string | undefined): string {
  let caller = peer
  const hops = forwarded?.split(',', PROXIES_MAX * 2).map((hop) => hop.trim()) ?? []
  if (hops.length > PROXIES_MAX) return sourceOf(peer)
  for (const hop of hops.toReversed()) {
    if (!isTrusted(caller) || isIP(hop) === 0) break
    caller = hop
  }
  return sourceOf(caller)
}

/** The same of a request. One without a socket came from within this process. */
export function addressOf(context: Context, isTrusted: IsTrusted): string {
  const peer = context.env?.incoming === undefined ? '127.0.0.1' : (getConnInfo(context).remote.address ?? '')
  return callerAddress(isTrusted, peer, context.req.header('x-forwarded-for'))
}

/** An address as it is counted. */
export function sourceOf(address: string): string {
  if (!isIPv6(address)) return address
  const { address: plain } = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' })
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)
  if (mapped !== null) return mapped[1]!
  const [head = '', tail] = plain.split('::')
  const groups = head.split(':').filter(Boolean)
  const after = tail === undefined ? [] : tail.split(':').filter(Boolean)
  const zeros = Array.from({ length: 8 - groups.length - after.length }, () => '0')
  return `${[...groups, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}
