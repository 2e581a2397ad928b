import { afterEach, describe, expect, it } from 'vitest'
import { announcement } from '../testing/announcement.ts'
import { mail } from './mail.ts'
import { type Replies, stubMailServer } from '../testing/stub-mail-server.ts'

const LOCAL = { allowPrivate: true, allowPlain: true }
const ENVELOPE = { from: 'esa@example.org', to: ['ada@example.org', 'bob@example.org'] }

let close = (): void => {}

afterEach(() => close())

async function server(replies: Replies = {}) {
  const stub = await stubMailServer(replies)
  close = stub.close
  return stub
}

describe('a mail', () => {
  it('reaches every recipient, says what it is about, and differs from a repetition', async () => {
    const { port, taken } = await server()
    const url = `smtp://ada:canary@127.0.0.1:${port}`
    expect(await mail(url, ENVELOPE, announcement(), LOCAL)).toBe(250)
    const [one] = taken
    expect(one).toMatchObject({ ...ENVELOPE, login: '\0ada\0canary' })
    expect(one!.data).toContain('Subject: ESA layer-1, performance: pool exhausted')
    expect(one!.data).toContain(`Message-ID: <${announcement().id}@esa.invalid>`)
    expect(one!.data).toContain('Auto-Submitted: auto-generated')
    expect(one!.data).toContain(announcement().ackUrl!)
    expect(one!.data).not.toContain('canary')
  })

  it('has one subject, whatever a title holds', async () => {
    const { port, taken } = await server()
    const title = 'late\r\nBcc: eve@example.org\r\n\r\nhello'
    await mail(`smtp://127.0.0.1:${port}`, ENVELOPE, announcement({ title }), LOCAL)
    const [head] = taken[0]!.data.split('\n\n')
    expect(head).not.toMatch(/^Bcc:/m)
    expect(taken[0]!.to).toEqual(ENVELOPE.to)
  })

  it.each<[Replies, string, number]>([
    [{ END: '451 later' }, 'transient', 451],
    [{ MAIL: '421 too busy' }, 'transient', 421],
    [{ RCPT: '550 no such user' }, 'terminal', 550],
    [{ AUTH: '535 canary is wrong' }, 'terminal', 535],
  ])('that a server refuses with %j fails, %s, without what it said', async (replies, kind, code) => {
    const { port } = await server(replies)
    const url = `smtp://ada:canary@127.0.0.1:${port}`
    const error: unknown = await mail(url, ENVELOPE, announcement(), LOCAL).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'channel.refused', kind, details: { code } })
    expect(JSON.stringify([String(error), error, (error as Error).cause ?? null])).not.toContain('canary')
  })

  it('is not sent without TLS, nor to a private address, unless that is allowed', async () => {
    const { port, taken } = await server()
    const url = `smtp://127.0.0.1:${port}`
    await expect(
      mail(url, ENVELOPE, announcement(), { allowPrivate: true, allowPlain: false }),
    ).rejects.toMatchObject({
      kind: 'terminal',
    })
    await expect(
      mail(url, ENVELOPE, announcement(), { allowPrivate: false, allowPlain: true }),
    ).rejects.toMatchObject({
      code: 'channel.private-address',
    })
    expect(taken).toEqual([])
  })

  it('by an invalid SMTP URL does not repeat it', async () => {
    const error: unknown = await mail('https://canary', ENVELOPE, announcement(), LOCAL).catch(
      (e: unknown) => e,
    )
    expect(error).toMatchObject({ code: 'channel.url-unreadable' })
    expect(JSON.stringify([String(error), error])).not.toContain('canary')
  })
})
