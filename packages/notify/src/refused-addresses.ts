import { BlockList, isIPv6 } from 'node:net'

/**
 * Addresses that are not a public host: this machine, private and shared networks, link-local ones (the metadata services of
 * clouds are there), documentation, multicast, reserved. Source: the IANA special-purpose registries for IPv4 and IPv6.
 */
const REFUSED_V4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/** Within the public unicast range: what tunnels to or represents other addresses, and documentation. */
const REFUSED_V6: [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const v4 = new BlockList()
for (const [net, prefix] of REFUSED_V4) v4.addSubnet(net, prefix, 'ipv4')

const refusedV6 = new BlockList()
for (const [net, prefix] of REFUSED_V6) refusedV6.addSubnet(net, prefix, 'ipv6')

/** Every public IPv6 address is in here; loopback, unique local, link-local, mapped and NAT64 ones are not. */
const unicastV6 = new BlockList()
unicastV6.addSubnet('2000::', 3, 'ipv6')

/** What carries an IPv4 address is judged by that one. */
const mappedV6 = new BlockList()
mappedV6.addSubnet('::ffff:0:0', 96, 'ipv6')

/** True when an address may only be reached by a channel that is allowed to reach private ones. */
export function isPrivateAddress(address: string): boolean {
  if (!isIPv6(address)) return v4.check(address, 'ipv4')
  // A zone names an interface of this machine: link-local, whatever the rest says.
  if (address.includes('%')) return true
  // BlockList looks through ::ffff:0:0/96 by itself.
  if (mappedV6.check(address, 'ipv6')) return v4.check(address, 'ipv6')
  return !unicastV6.check(address, 'ipv6') || refusedV6.check(address, 'ipv6')
}
