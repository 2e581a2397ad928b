import { isEsaError } from '@esa/protocol'
import { createDatabase } from '@esa/pg-server'
import { Client } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { inReadOnly, onTargetPath } from '../sql/read-only.ts'
import { ACTING_SCHEMA, BESIDE_ATTACKS, type BesideAttack } from '../../testing/besides.ts'
import { BESIDES, type BesideLine } from './besides.ts'
import { eachServer } from '../../testing/each-server.ts'
import { readStatement } from './read-statement.ts'
import { requireHarmless } from './require-harmless.ts'

/** Work on a session of its own: what a server has in its caches was computed before. */
async function onFresh<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Runs the statement behind the guard with these lines; whether it was refused, and whether a lock was taken. */
function attacked(
  url: string,
  { sql, settings }: BesideAttack,
  besides: ReadonlySet<BesideLine>,
): Promise<{ refused: string | null; acted: boolean }> {
  return onFresh(url, async (client) => {
    const reading = await readStatement(sql)
    const run = inReadOnly(client, 5_000, async (session) => {
      const name = await requireHarmless(session, reading, new Set(), besides)
      if (settings !== undefined) await session.query(settings)
      await onTargetPath(session, () => session.query({ text: `EXECUTE ${name}`, queryMode: 'extended' }))
    })
    const refused = await run.then(
      () => null,
      (error: unknown) => (isEsaError(error) ? `${error.code}: ${error.message}` : String(error)),
    )
    const { rows } = await client.query(
      `select count(*)::int as held from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
    )
    return { refused, acted: rows[0].held > 0 }
  })
}

const servers = eachServer()

it('has an attack for every line', () => {
  expect(new Set(BESIDE_ATTACKS.map(({ line }) => line))).toEqual(BESIDES)
})

/** Operators that fit the catalog's types better than PostgreSQL's own do: a name without a schema would mean these. */
const PLANTED = [
  ['oid', 'int', '>='],
  ['oid', 'int', '<'],
  ['oid', 'int', '<>'],
  ['name', 'name', '||'],
  ['name', 'text', '||'],
  ['text', 'name', '||'],
  ['int2', 'int', '>'],
  ['regproc', 'int', '>='],
  ['regproc', 'oid', '='],
]
  .map(
    (
      [left, right, name],
      nth,
    ) => `create function planted_${nth}(a ${left}, b ${right}) returns ${name === '||' ? 'text' : 'boolean'}
      language plpgsql as $$ begin perform pg_advisory_lock_shared(21); return ${name === '||' ? `'x'` : 'true'}; end $$;
      create operator ${name} (leftarg = ${left}, rightarg = ${right}, function = planted_${nth});`,
  )
  .join(' ')

describe.each(servers)('what runs without standing in the tree: %s', (_, major, start) => {
  let url: string

  beforeAll(async () => {
    url = await createDatabase(await start(), 'besides')
  })

  it('is not an operator of a user in the queries of the guard itself', async () => {
    await onFresh(url, (client) => client.query(`${ACTING_SCHEMA}; ${PLANTED}`))
    const sql = `select t || 'x', array[id] from plain where id = 1`
    const attack: BesideAttack = { line: 'bodies', schema: '', sql }
    expect(await attacked(url, attack, BESIDES)).toEqual({ refused: null, acted: false })
    const naked = await onFresh(url, async (client) => {
      await client.query('select 1::oid >= 1')
      return client.query(`select 1 from pg_locks where locktype = 'advisory'`)
    })
    expect(naked.rows.length).toBeGreaterThan(0)
  })

  it('is refused by one line, without which it acts', async () => {
    const wrong: unknown[] = []
    for (const attack of BESIDE_ATTACKS.filter(({ from = 0 }) => from <= major)) {
      await onFresh(url, (client) =>
        client.query(`drop schema public cascade; create schema public; ${ACTING_SCHEMA}; ${attack.schema}`),
      )
      const others = new Set([...BESIDES].filter((line) => line !== attack.line))
      const [guarded, open] = [await attacked(url, attack, BESIDES), await attacked(url, attack, others)]
      const held = guarded.refused?.startsWith('sql.not-a-read: ') === true && !guarded.acted
      if (!held || !open.acted) wrong.push({ ...attack, guarded, open })
    }
    expect(wrong).toEqual([])
  }, 60_000)
})
