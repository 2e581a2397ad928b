import { networkInterfaces } from 'node:os'
import { createServer, connect, type Server } from 'node:net'
import { once } from 'node:events'
import type { Incident, TimelineEvent } from '@esa/escalation'
import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '@esa/runtime/testing'
import { EsaHome, type Problem, says } from './run-esa.ts'

type Token = { token: string; id: string; as: string; expiresAt: string }

let esa: EsaHome
let admin: pg.Client
let away: Away

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  const { url, runtimeUrl } = await ensureEmbeddedServer(esa)
  admin = new pg.Client({ connectionString: url })
  await admin.connect()
  away = await openAway(runtimeUrl)
})
afterAll(async () => {
  away.server.close()
  await admin.end()
  await esa.remove()
})

/** The same database by an address of this machine that is not loopback's, as another machine would reach it. */
interface Away {
  server: Server
  url: string
}

async function openAway(url: string): Promise<Away> {
  const near = new URL(url)
  const to = { port: Number(near.port), host: near.hostname }
  const own = Object.values(networkInterfaces()).flat()
  const address = own.find((one) => one?.family === 'IPv4' && !one.internal)?.address
  if (address === undefined) throw new Error('this machine has no address but loopback')
  const server = createServer((line) => {
    const far = connect(to)
    line.pipe(far).pipe(line)
    for (const end of [line, far]) end.on('error', () => {})
  })
  server.listen(0, address)
  await once(server, 'listening')
  const place = server.address()
  if (place === null || typeof place === 'string') throw new Error('no port')
  near.hostname = address
  near.port = String(place.port)
  return { server, url: near.href }
}

const create = (as: string, scope: string, ...more: string[]): Promise<Token> =>
  esa.json<Token>('tokens', 'create', '--as', as, '--scope', scope, ...more)

const open = (): Promise<Incident> =>
  esa.json<Incident>(...'incidents open --agent layer-1 --category integration --title pool'.split(' '))

/** Acknowledges from afar; the exit code and what was said. */
async function ackFromAway(id: string, as: string, token?: string) {
  const environment = { DATABASE_URL: away.url, ...(token === undefined ? {} : { ESA_TOKEN: token }) }
  const { code, stdout, stderr } = await esa.run(['incidents', 'ack', id, '--as', as, '--json'], environment)
  return { code, stdout, problem: code === 0 ? null : (JSON.parse(stderr) as Problem) }
}

const byOf = async (id: string): Promise<unknown> => {
  const { events } = await esa.json<{ events: TimelineEvent[] }>('replay', 'show', id)
  return events.find(({ type }) => type === 'incident.acknowledged')?.data['by']
}

describe('a token', () => {
  it('is shown once, and its hash alone is kept', async () => {
    const { token, id } = await create('layer-2', 'incidents:ack', '--person', 'Ada Lovelace')
    expect(token).toMatch(/^esa_[\w-]{43}$/)
    const { rows } = await admin.query<{ row: string }>('select to_jsonb(t)::text as row from esa.tokens t')
    expect(rows.map(({ row }) => row).join()).not.toContain(token.slice(4))
    expect(JSON.stringify(await esa.json('tokens', 'ls'))).not.toContain(token.slice(4))
    expect(await esa.json('tokens', 'ls')).toMatchObject({
      tokens: [{ id, as: 'layer-2', person: 'Ada Lovelace', scopes: ['incidents:ack'], state: 'valid' }],
    })
    const shown = await esa.run(['tokens', 'create', '--as', 'operator', '--scope', 'admin'])
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringMatching(/^esa_[\w-]{43}\n$/)])
  })

  it('lets its holder act from another machine, and the log names the person and the token', async () => {
    const { id } = await open()
    const { token, id: tokenId } = await create('layer-2', 'incidents:ack', '--person', 'Ada')
    expect((await ackFromAway(id, 'layer-2', token)).code).toBe(0)
    expect(await byOf(id)).toBe(`Ada (token ${tokenId})`)
  })

  it('is required on a database of another machine, and reading goes on without', async () => {
    const { id } = await open()
    const refused = await ackFromAway(id, 'layer-2')
    expect([refused.code, refused.problem?.code]).toEqual([5, 'auth.token-required'])
    expect(refused.problem?.hint).toContain('esa tokens create --as layer-2 --scope incidents:ack')
    expect((await esa.run(['incidents', 'show', id], { DATABASE_URL: away.url })).code).toBe(0)
    expect((await esa.json<Incident>('incidents', 'show', id)).status).toBe('triggered')
    const opened = await esa.run(
      'incidents open --agent layer-1 --category blocker --title x --json'.split(' '),
      { DATABASE_URL: away.url },
    )
    expect([opened.code, JSON.parse(opened.stderr)]).toEqual([
      5,
      expect.objectContaining({ code: 'auth.token-required' }),
    ])
  })

  it('is refused when it is expired, revoked, another’s, unknown or too narrow', async () => {
    const { id } = await open()
    const expired = await create('layer-2', 'incidents:ack', '--for', '1m')
    await admin.query(`update esa.tokens set expires_at = expires_at - 60000 where id = '${expired.id}'`)
    const revoked = await create('layer-2', 'incidents:ack')
    await esa.json('tokens', 'revoke', revoked.id)
    const others = await create('layer-3', 'incidents:ack')
    const narrow = await create('layer-2', 'incidents:read')
    const tries: [string, string][] = [
      [expired.token, 'auth.token-expired'],
      [revoked.token, 'auth.token-revoked'],
      [others.token, 'auth.other-holder'],
      [narrow.token, 'auth.scope'],
      [`esa_${'A'.repeat(43)}`, 'auth.token-unknown'],
    ]
    for (const [token, code] of tries) {
      const refused = await ackFromAway(id, 'layer-2', token)
      expect([refused.code, refused.problem?.code, refused.stdout]).toEqual([5, code, ''])
      expect(JSON.stringify(refused.problem)).not.toContain(token.slice(4))
    }
    // One that is given counts on this machine as well: an expired token is not a way around it.
    const near = await esa.run(['incidents', 'ack', id, '--as', 'layer-2'], { ESA_TOKEN: expired.token })
    expect(near.code).toBe(5)
    expect((await esa.json<Incident>('incidents', 'show', id)).status).toBe('triggered')
  })

  it('of an operator holds all rights, and a narrower one makes no other', async () => {
    const { token } = await create('operator', 'admin')
    const made = await esa.run(['tokens', 'create', '--as', 'layer-2', '--scope', 'admin', '--json'], {
      DATABASE_URL: away.url,
      ESA_TOKEN: token,
    })
    expect(made.code).toBe(0)
    const { token: agents } = JSON.parse(made.stdout) as Token
    const refused = await esa.run(['tokens', 'create', '--as', 'operator', '--scope', 'admin', '--json'], {
      ESA_TOKEN: agents,
    })
    expect([refused.code, JSON.parse(refused.stderr)]).toEqual([
      5,
      expect.objectContaining({ code: 'auth.other-holder' }),
    ])
  })

  it.each([
    [2, 'usage.scope', ['--as', 'layer-2', '--scope', 'everything']],
    [2, 'usage.token-life', ['--as', 'layer-2', '--scope', 'admin', '--for', '93d']],
    [2, 'usage.person', ['--as', 'layer-2', '--scope', 'admin', '--person', 'Ada (token 1)']],
    [4, 'agent.unknown', ['--as', 'layer-999', '--scope', 'admin']],
  ])('is not made: exit %i, %s', async (exit, code, args) => {
    const { code: ended, problem } = await esa.refused('tokens', 'create', ...args)
    expect([ended, problem.code]).toEqual([exit, code])
  })
})

describe('on this machine, without a token', () => {
  it('the caller is recorded by the name that the system knows them by', async () => {
    const { id } = await open()
    await esa.json('incidents', 'ack', id, '--as', 'layer-2')
    expect(await byOf(id)).toBe((await import('node:os')).userInfo().username)
  })
})

describe('a proposal', () => {
  const judge = async (verb: string, item: string, as: string, token?: string) => {
    const { code, stdout, stderr } = await esa.run(
      ['inbox', verb, item, '--as', as, '--because', 'x', '--json'],
      token === undefined ? {} : { ESA_TOKEN: token },
    )
    return { code, said: JSON.parse(code === 0 ? stdout : stderr) as Record<string, unknown> }
  }
  const propose = async (from: string, to: string, token?: string): Promise<string> => {
    const { stdout } = await esa.run(
      [
        'tasks',
        'send',
        '--from',
        from,
        '--to',
        to,
        '--type',
        'proposal',
        '--subject',
        's',
        '--body',
        '{"proposal":"p"}',
        '--json',
      ],
      token === undefined ? {} : { ESA_TOKEN: token },
    )
    return (JSON.parse(stdout) as { sent: { id: string }[] }).sent[0]!.id
  }

  it('is approved by a person who did not ask for it, and by no service', async () => {
    const worker = esa.start(['up'])
    await says(worker, 'ready in ')
    const asker = await create('layer-1', 'incidents:write', '--person', 'Ada')
    const service = await create('chief-1', 'incidents:write', '--person', 'a robot')
    const { link } = await esa.json<{ link: string }>('accounts', 'add', 'Bea', '--as', 'chief-1')
    const other = await esa.json<Token>('login', link)
    expect((await esa.refused('login', link)).problem.code).toBe('auth.link')
    const item = await propose('layer-1', 'chief-1', asker.token)
    await until('it is in the inbox', async () => {
      const { items } = await esa.json<{ items: { id: string }[] }>('inbox', 'ls', '--agent', 'chief-1')
      return items.some(({ id }) => id === item) ? true : undefined
    })
    expect(await judge('approve', item, 'chief-1')).toMatchObject({
      code: 5,
      said: { code: 'auth.token-required' },
    })
    expect(await judge('approve', item, 'chief-1', asker.token)).toMatchObject({
      code: 5,
      said: { code: 'auth.other-holder' },
    })
    expect(await judge('approve', item, 'chief-1', service.token)).toMatchObject({
      code: 5,
      said: { code: 'approval.not-a-person' },
    })
    expect(await judge('approve', item, 'chief-1', other.token)).toMatchObject({
      code: 0,
      said: { decision: 'approved' },
    })
    expect(await judge('reject', item, 'chief-1', other.token)).toMatchObject({
      code: 6,
      said: { code: 'inbox.no-such-proposal' },
    })
    const { events } = await esa.json<{ events: TimelineEvent[] }>('replay', 'show', 'chief-1')
    const approved = events.find(({ type }) => type === 'agent.approved')
    expect(approved?.data).toMatchObject({
      askedBy: `Ada (token ${asker.id})`,
      by: `Bea (token ${other.id})`,
    })
    await esa.json('replay', 'verify', '--all')
    const toSelf = ['--from', 'layer-1', '--to', 'layer-1', '--subject', 's', '--body', '{"proposal":"p"}']
    expect((await esa.refused('tasks', 'send', '--type', 'proposal', ...toSelf)).problem.code).toBe(
      'message.to-self',
    )
    worker.kill('SIGTERM')
    await once(worker, 'exit')
  })
})
