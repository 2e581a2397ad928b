import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { post, type Reach } from './post.ts'
import { isPrivateAddress } from './refused-addresses.ts'
import { type Answer, stubReceiver } from '../testing/stub-receiver.ts'

const LOCAL: Reach = { allowPrivate: true, allowPlain: true }

const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function receiver(...answers: Answer[]) {
  const stub = await stubReceiver(...answers)
  closing.push(stub.close)
  return stub
}

const send = (url: string, reach: Reach = LOCAL) => post({ url, headers: { 'x-a': 'b' }, body: '{}' }, reach)

describe('a post', () => {
  it('answers with the status of a success', async () => {
    const { url, got } = await receiver(202)
    expect(await send(url)).toBe(202)
    expect(got).toMatchObject([{ body: '{}', headers: { 'x-a': 'b' } }])
  })

  it.each([
    [500, 'transient'],
    [503, 'transient'],
    [429, 'transient'],
    [408, 'transient'],
    [400, 'terminal'],
    [401, 'terminal'],
    [410, 'terminal'],
  ])('answered %d fails, %s', async (code, kind) => {
    const { url } = await receiver(code)
    await expect(send(url)).rejects.toMatchObject({ code: 'channel.refused', kind, details: { code } })
  })

  it.each([
    [429, '7', 7_000],
    [503, new Date(Date.now() + 3_600_000).toUTCString(), expect.closeTo(3_600_000, -4)],
  ])('answered %d with Retry-After %s says how long to wait', async (status, header, retryAfterMs) => {
    const { url } = await receiver({ status, headers: { 'retry-after': header } })
    await expect(send(url)).rejects.toMatchObject({ details: { retryAfterMs } })
  })

  it.each([301, 302, 307, 308])('follows no redirect: %d', async (status) => {
    const there = await receiver(204)
    const { url } = await receiver({ status, headers: { location: there.url } })
    await expect(send(url)).rejects.toMatchObject({ code: 'channel.redirects', kind: 'terminal' })
    expect(there.got).toEqual([])
  })

  it('to a receiver that never answers ends after five seconds', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => server.close())
    const began = performance.now()
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await expect(send(url)).rejects.toMatchObject({ code: 'channel.timed-out', kind: 'transient' })
    expect(performance.now() - began).toBeLessThan(6_000)
  }, 10_000)

  it('that no server accepts says so, without the URL', async () => {
    const { url, close } = await stubReceiver(204)
    close()
    const error = await send(`${url}/canary-path`).catch((caught: unknown) => caught as Error)
    expect(error).toMatchObject({ code: 'channel.unreachable', kind: 'transient' })
    expect(JSON.stringify([String(error), error])).not.toContain('canary')
  })

  it('of an invalid URL does not repeat it', async () => {
    const error = await send('canary no url').catch((caught: unknown) => caught as Error)
    expect(error).toMatchObject({ code: 'channel.url-unreadable', kind: 'terminal' })
    expect(JSON.stringify([String(error), error, (error as Error).cause ?? null])).not.toContain('canary')
  })
})

describe('where a post may go', () => {
  it.each(['http://example.org', 'ftp://example.org', 'file:///etc/passwd'])(
    'never %s, unless allowed',
    async (url) => {
      const reach = { allowPrivate: true, allowPlain: url.startsWith('ftp') || url.startsWith('file') }
      await expect(send(url, reach)).rejects.toMatchObject({ code: 'channel.not-https' })
    },
  )

  it.each([
    'http://127.0.0.1',
    'http://127.1',
    'http://0x7f000001',
    'http://2130706433',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:7f00:1]',
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]',
    'http://[fd00::1]',
    'http://0.0.0.0',
    'http://10.1.2.3',
    'http://[64:ff9b::7f00:1]',
    'http://[2002:7f00:1::]',
  ])('not to %s, unless private addresses are allowed', async (url) => {
    const reach = { allowPrivate: false, allowPlain: true }
    await expect(send(url, reach)).rejects.toMatchObject({
      code: 'channel.private-address',
      kind: 'terminal',
    })
  })

  it('not to a name that leads to a private address, nor to one that does so beside a public one', async () => {
    const stub = await receiver(204)
    for (const addresses of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['::ffff:10.0.0.1']]) {
      const find = async () =>
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      const url = stub.url.replace('127.0.0.1', 'hooks.example.org')
      const reach = { allowPrivate: false, allowPlain: true, find }
      await expect(send(url, reach)).rejects.toMatchObject({ code: 'channel.private-address' })
    }
    expect(stub.got).toEqual([])
  })

  it('to the very address that was checked: the name is looked up once', async () => {
    const stub = await receiver(204)
    let asked = 0
    const find = async () => {
      asked++
      return [{ address: '127.0.0.1', family: 4 }]
    }
    // The machine's own resolver knows no such name: with a second lookup the connection would fail.
    const url = stub.url.replace('127.0.0.1', 'hooks.invalid')
    expect(await send(url, { ...LOCAL, find })).toBe(204)
    expect(asked).toBe(1)
    expect(stub.got[0]?.headers.host).toMatch(/^hooks\.invalid:/)
  })
})

describe('a private address', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '172.32.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
  ])('is not %s', (address) => expect(isPrivateAddress(address)).toBe(false))

  it.each([
    '100.64.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fc00::1',
    'fe80::1%eth0',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '::127.0.0.1',
    '::ffff:192.168.0.1',
  ])('is %s', (address) => expect(isPrivateAddress(address)).toBe(true))
})
