import { describe, expect, it } from 'vitest'
import { callerAddress, trustedProxies } from './caller-address.ts'

const BINDING = { host: '127.0.0.1', port: 0, loopback: false }

describe('the address of a caller', () => {
  const from = (
    peer: string,
    forwarded: string | undefined,
    proxies: string[] = ['10.0.0.0/8', 'fd00::/8'],
  ) => callerAddress(trustedProxies({ ...BINDING, trustedProxies: proxies }), peer, forwarded)

  it.each([
    ['no proxy: what it says of itself counts for nothing', '192.0.2.7', '1.1.1.1', '192.0.2.7'],
    ['one proxy', '10.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['a forged address before the one that the proxy added', '10.0.0.1', '1.1.1.1, 192.0.2.7', '192.0.2.7'],
    ['two proxies', '10.0.0.1', '1.1.1.1, 192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['a proxy that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy that sends an invalid address', '10.0.0.1', '192.0.2.7, unknown', '10.0.0.1'],
    ['a proxy before one that says nonsense', '10.0.0.1', '192.0.2.7, <script>, 10.0.0.2', '10.0.0.2'],
    ['proxies alone', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['an IPv4 address as IPv6 has it', '::ffff:10.0.0.1', '::ffff:192.0.2.7', '192.0.2.7'],
    ['a proxy by IPv6', 'fd00::1', '192.0.2.7', '192.0.2.7'],
    ['a network of IPv6 is one caller', '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
    ['also where its address is short', '2001:db8::6', undefined, '2001:db8:0:0::/64'],
    ['also behind a proxy', '10.0.0.1', '2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['no header of a megabyte is read to its end', '10.0.0.1', '10.0.0.2,'.repeat(5_000), '10.0.0.1'],
  ])('%s', (_, peer, forwarded, expected) => expect(from(peer, forwarded)).toBe(expected))

  it('comes from a configured proxy of this machine, and from no other', () => {
    const announced = trustedProxies({ ...BINDING, publicUrl: 'https://esa.example.org' })
    expect(callerAddress(announced, '127.0.0.1', '192.0.2.7')).toBe('192.0.2.7')
    expect(callerAddress(announced, '::1', '192.0.2.7')).toBe('192.0.2.7')
    expect(callerAddress(announced, '10.0.0.1', '192.0.2.7')).toBe('10.0.0.1')
    expect(callerAddress(trustedProxies(BINDING), '127.0.0.1', '192.0.2.7')).toBe('127.0.0.1')
  })
})
