import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Incident } from '@esa/escalation'
import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

const AGENTS = fileURLToPath(new URL('../../agents', import.meta.url))

let esa: EsaHome
let admin: pg.Client
const path = (name: string): string => join(esa.folder, name)

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  admin = new pg.Client({ connectionString: (await ensureEmbeddedServer(esa)).url })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await esa.remove()
})

/** Text that an attacker would like to be run. Each would leave a file, lose a table, or steer the terminal. */
const hostile = (): string[] => [
  `'; drop table esa.events cascade; --`,
  `$(touch ${path('owned')})`,
  `\`touch ${path('owned')}\``,
  `%s %n \${process.exit(99)} {{7*7}} #{7*7}`,
  `<script>fetch('//x')</script><img src=x onerror=alert(1)>`,
  `__proto__`,
  `--help`,
  `\u001B]0;owned\u0007\u001B[2J`,
  `','{"admin":true}'::jsonb) returning *; --`,
]

const owned = (): boolean => existsSync(path('owned'))

async function tables(): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    `select count(*)::int as n from pg_tables where schemaname = 'esa'`,
  )
  return rows[0]!.n
}

describe('text that would like to be run', () => {
  it('is a title, a key, a reason, a cause, a body and evidence, letter by letter', async () => {
    const before = await tables()
    const told = async (text: string): Promise<void> => {
      const evidence = path(`evidence-${hostile().indexOf(text)}.json`)
      await writeFile(evidence, JSON.stringify({ text, [`${text}.`]: text }))
      const opened = await esa.json<
        Incident & { title: string; dedupKey: string; evidence: Record<string, string> }
      >(
        'incidents',
        'open',
        '--agent=layer-1',
        '--category=integration',
        `--title=${text}`,
        `--dedup-key=${text}`,
        '--evidence',
        evidence,
      )
      expect([opened.title, opened.dedupKey, opened.evidence['text']]).toEqual([text, text, text])
      expect(Object.keys(opened.evidence)).toContain(`${text}.`)
      await esa.json('incidents', 'decline', opened.id, '--as', 'layer-2', `--reason=${text}`)
      await esa.json('incidents', 'resolve', opened.id, '--as', 'layer-2', `--cause=${text}`)
      const { rows: kept } = await admin.query(
        `select data->>'reason' as reason, data->>'cause' as cause from esa.events
          where stream = $1 and type in ('incident.declined', 'incident.resolved') order by seq`,
        [opened.id],
      )
      expect(kept).toEqual([
        { reason: text, cause: null },
        { reason: null, cause: text },
      ])
      const shown = await esa.run(['replay', 'show', opened.id])
      // oxlint-disable-next-line no-control-regex -- what must not reach a terminal
      expect(shown.stdout).not.toMatch(/\u001B\]|\u001B\[2J|\u0007/)
      await esa.json(
        'tasks',
        'send',
        '--from',
        'layer-1',
        '--to',
        'layer-2',
        '--type',
        'status_update',
        `--subject=${text}`,
        '--body',
        JSON.stringify({ status: text }),
      )
    }
    await Promise.all(hostile().map(told))
    expect([await tables(), owned()]).toEqual([before, false])
    expect((await esa.run(['replay', 'verify', '--all'])).code).toBe(0)
    const { rows } = await admin.query(
      `select body->>'status' as status from esa.messages where type = 'status_update' order by at, id`,
    )
    expect(rows.map((row: { status: string }) => row.status).toSorted()).toEqual(hostile().toSorted())
  })

  it('is not an id, agent, level or file either', async () => {
    for (const text of hostile().slice(0, 2)) {
      for (const args of [
        ['incidents', 'show', text],
        ['incidents', 'ack', text, '--as', 'layer-2'],
        ['incidents', 'open', '--agent', text, '--category', 'integration', '--title', 'x'],
        ['replay', 'show', text],
        ['replay', 'verify', text],
        ['tasks', 'show', text],
        ['agents', 'show', text],
        ['agents', 'stop', text],
        ['tokens', 'revoke', text],
        ['inbox', 'answer', text, '--as', 'layer-2', '--text', text],
        ['agents', 'lint', text],
      ]) {
        const { code, problem } = await esa.refused(...args)
        expect([args.join(' '), [2, 3, 4, 6].includes(code!), problem.code]).toEqual([
          args.join(' '),
          true,
          problem.code,
        ])
      }
    }
    expect(owned()).toBe(false)
  })
})

describe('a card', () => {
  const card = (): Promise<string> => readFile(join(AGENTS, 'layers/layer-1/card.md'), 'utf8')
  const lint = async (text: string | Buffer) => {
    await writeFile(path('card.md'), text)
    const { code, stdout } = await esa.run(['agents', 'lint', path('card.md'), '--json'])
    return {
      code,
      ...(JSON.parse(stdout) as { agents: { responsibilities: string[] }[]; problems: { code: string }[] }),
    }
  }

  it('is text: its HTML, links and commands are words', async () => {
    const [first, ...rest] = (await card()).split(
      /(?<=## Responsibilities\n)|(?<=\*\*Responsibilities[^\n]*\n)/,
    )
    const evil = `- <script>alert(1)</script> [go](javascript:alert(1)) $(touch ${path('owned')})\n`
    const { code, agents } = await lint(
      rest.length === 0 ? `${first}\n${evil}` : `${first}\n${evil}${rest.join('')}`,
    )
    expect([code, agents.length, owned()]).toEqual([0, 1, false])
  })

  it('has at most 64 KB, and one without end is not read to its end', async () => {
    const text = await card()
    const filled = (bytes: number): Buffer =>
      Buffer.concat([Buffer.from(text), Buffer.alloc(bytes - Buffer.byteLength(text), ' ')])
    expect((await lint(filled(65_536))).code).toBe(0)
    expect(await lint(filled(65_537))).toMatchObject({
      code: 3,
      agents: [],
      problems: [{ code: 'card.too-large' }],
    })
    const endless = await esa.run(['agents', 'lint', '/dev/zero', '--json'])
    expect([endless.code, JSON.parse(endless.stdout)]).toMatchObject([
      3,
      { problems: [{ code: 'card.too-large' }] },
    ])
  })

  it('lies inside its folder: one behind a link is refused, however the link leads', async () => {
    const folder = path('agents')
    await cp(AGENTS, folder, { recursive: true, filter: (file) => !file.includes('node_modules') })
    await writeFile(path('outside.md'), await card())
    await mkdir(join(folder, 'layers/layer-98'), { recursive: true })
    await symlink(path('outside.md'), join(folder, 'layers/layer-98/card.md'))
    // A whole folder behind a link is ignored: it is not looked into.
    await mkdir(path('elsewhere'))
    await writeFile(path('elsewhere/card.md'), 'no card at all')
    await symlink(path('elsewhere'), join(folder, 'layers/layer-99'))
    const { code, stdout } = await esa.run(['org', 'check', '--json'], { ESA_AGENTS: folder })
    const { problems } = JSON.parse(stdout) as { problems: { code: string; file: string }[] }
    const linked = problems.filter((problem) => problem.code === 'card.symlink').map(({ file }) => file)
    expect([code, linked]).toEqual([3, [join(folder, 'layers/layer-98/card.md')]])
    expect(problems.filter(({ file }) => file.includes('layer-99'))).toEqual([])
  })
})

describe('a payload', () => {
  const send = async (body: unknown) => {
    const { code, stderr } = await esa.run([
      'tasks',
      'send',
      '--from',
      'layer-1',
      '--to',
      'layer-2',
      '--type',
      'status_update',
      '--subject',
      's',
      '--body',
      JSON.stringify(body),
      '--json',
    ])
    return { code, said: code === 0 ? null : (JSON.parse(stderr) as { code: string }).code }
  }
  const nested = (depth: number): unknown => {
    let value: unknown = 1
    for (let n = 0; n < depth; n++) value = { a: value }
    return value
  }
  /** What is left of 32 levels below the envelope, its body and the body's `data`. */
  const DEPTH_LEFT = 30

  it('has at most 32 levels and 256 KB, and no unknown field', async () => {
    expect(await send({ status: 's', data: nested(DEPTH_LEFT) })).toEqual({ code: 0, said: null })
    expect(await send({ status: 's', data: nested(DEPTH_LEFT + 1) })).toEqual({
      code: 2,
      said: 'message.too-deep',
    })
    expect(await send({ status: 's', more: 1 })).toEqual({ code: 2, said: 'message.invalid' })
    const evidence = async (bytes: number) => {
      await writeFile(path('big.json'), JSON.stringify({ text: 'x'.repeat(bytes) }))
      const about = ['--agent', 'layer-1', '--category', 'blocker', '--title', 't']
      return (await esa.run(['incidents', 'open', ...about, '--evidence', path('big.json')])).code
    }
    expect([await evidence(255 * 1_024), await evidence(256 * 1_024)]).toEqual([0, 2])
  })
})
