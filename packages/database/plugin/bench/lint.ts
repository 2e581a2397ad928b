import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, dropDatabase, withDatabase } from '@esa/pg-server'
import { lintScripts, lintUntried, readScript } from '@esa/database-migrations/lint'
import type { RehearsalGround } from '@esa/database-sandbox'
import type { BenchServers, Figure } from '@esa/test/testing'

const ROUNDS = 5

/** Tables, each with the five statements below. */
const TABLES = 10

const schemaOf = (n: number): string =>
  `create table t${n} (id bigint primary key, a int, b varchar(20), c timestamp);`

/** A brief lock, a rewrite, a scan, a blocking index, and one that is not. */
const statementsOn = (table: string): string => `alter table ${table} add column d text;
  alter table ${table} alter column a type bigint;
  alter table ${table} alter column b set not null;
  create index on ${table} (c);
  create index concurrently on ${table} (a);
  `

/** Times that the statements are repeated for what is judged by its text: as many as a file of 5,000 statements has. */
const REPEATED = 100

/** How long 50 statements take on a ready rehearsal, and judging 5,000 by their text; SQUAWK names a binary of that linter to compare with. */
export async function benchLint({ url, note }: BenchServers): Promise<Figure[]> {
  const sql = Array.from({ length: TABLES }, (_, n) => statementsOn(`t${n}`)).join('\n')
  const schema = { sql: Array.from({ length: TABLES }, (_, n) => schemaOf(n)).join('\n') }
  const script = await readScript('bench.sql', Buffer.from(sql))
  const tried: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    note(`trying ${script.statements.length} statements`)
    // From the first statement on: what comes before is the making of the rehearsal.
    const at: number[] = []
    const onProgress = (): void => void at.push(performance.now())
    await lintScripts([script], {
      ground: groundAt(url),
      schema,
      independent: false,
      sizes: new Map(),
      onProgress,
    })
    tried.push((at.at(-1)! - at[0]!) / 1_000)
  }
  return [
    {
      what: `lint of ${script.statements.length} statements on a ready rehearsal`,
      value: Math.max(...tried),
      unit: 's',
      aim: { op: '<=', value: 2 },
      spread: `worst of ${ROUNDS}; best ${Math.min(...tried).toFixed(2)} s`,
    },
    ...(await byText(sql.repeat(REPEATED))),
  ]
}

async function byText(sql: string): Promise<Figure[]> {
  const judged = await best(async () => lintUntried([await readScript('bench.sql', Buffer.from(sql))]))
  const what = `lint of ${sql.match(/;/g)!.length} statements by their text`
  const own = { what, value: judged, unit: 'ms', spread: `best of ${ROUNDS}` }
  const squawk = process.env['SQUAWK']
  if (squawk === undefined) return [own]
  const folder = await mkdtemp(join(tmpdir(), 'esa-bench-'))
  const file = join(folder, 'bench.sql')
  await writeFile(file, sql)
  const peer = await best(async () => {
    try {
      execFileSync(squawk, ['--reporter', 'Json', file], { stdio: 'ignore' })
    } catch {
      // It found something, as it should.
    }
  })
  await rm(folder, { recursive: true })
  return [
    own,
    {
      what: `times as long as squawk takes, its start included`,
      value: judged / peer,
      unit: 'x',
      aim: { op: '<=', value: 3 },
      spread: `${Math.round(judged)} ms to ${Math.round(peer)} ms`,
    },
  ]
}

async function best(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now()
    await work()
    times.push(performance.now() - began)
  }
  return Math.min(...times)
}

function groundAt(url: string): RehearsalGround {
  const opened = async (there: string, max: number) => {
    const pool = await connectPool(there, { max })
    return { queryable: pool, close: () => pool.end() }
  }
  return {
    createDatabase: async (name, owner, icuLocale) =>
      void (await createDatabase(url, name, { owner, icuLocale })),
    dropDatabase: async (name) => void (await dropDatabase(url, name)),
    asAdmin: (name = 'postgres') => opened(withDatabase(url, name), 1),
    open: (name, { role, password }, max = 4) => {
      const there = new URL(withDatabase(url, name))
      ;[there.username, there.password] = [role, password]
      return opened(there.href, max)
    },
  }
}
