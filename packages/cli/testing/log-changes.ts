import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chainSteps, openPostgresStore, recordedSteps } from '@esa/store'
import { hashLine, newKey, publicKeyOf, readSeal, writeSeal } from '../src/seals/seal.ts'
import type { Moment, SealedCopy, SealedWorld } from './sealed-world.ts'

/** A change by the owner of the database, or by who has the home's files. `alone`: chains and replays show it without seals. */
export interface Change {
  what: string
  alone: boolean
  from?: { database?: Moment; home?: Moment }
  /** When a worker finds it by itself: as it starts and every hour, or as it walks through every stream once a day. */
  when: 'hour' | 'day'
  /** The id of a fault that shows it. */
  of: (ids: SealedWorld['ids']) => string
  change: (copy: SealedCopy, ids: SealedWorld['ids'], world: SealedWorld) => Promise<unknown>
}

const seals = (): string => 'seals'
const sql =
  (text: (ids: SealedWorld['ids']) => string): Change['change'] =>
  ({ admin }, ids) =>
    admin.query(text(ids))

const lines = async (home: string): Promise<string[]> =>
  (await readFile(join(home, 'seals.jsonl'), 'utf8')).trimEnd().split('\n')
const writeLines = (home: string, all: string[]): Promise<void> =>
  writeFile(join(home, 'seals.jsonl'), all.map((line) => `${line}\n`).join(''))

/** Cuts a stream behind an event, and takes its actor back to what it was there. */
const cutTail =
  (of: (ids: SealedWorld['ids']) => string, drop: number): Change['change'] =>
  ({ admin }, ids) =>
    admin.query(`with cut as (delete from esa.events e using esa.actors a
        where a.id = e.stream and e.stream = '${of(ids)}' and e.seq > a.seq - ${drop} returning e.stream)
      update esa.actors a set seq = a.seq - ${drop}, head = e.hash from esa.events e
        where a.id = '${of(ids)}' and e.stream = a.id and e.seq = a.seq - ${drop}`)

/** Writes a stream again from end to end, as the runtime itself would have written it with another event of a type. */
async function recompute({ admin, url }: SealedCopy, id: string, type: string): Promise<void> {
  const store = await openPostgresStore({ url, max: 1 })
  const steps = recordedSteps(await store.readStream(id))
  await store.close()
  for (const { events } of steps)
    for (const event of events) if (event.type === type) event.data = { ...event.data, cause: 'nothing' }
  const { rows, head } = chainSteps(id, '', steps)
  for (const { seq, data, hash } of rows)
    await admin.query('update esa.events set data = $1, hash = $2 where stream = $3 and seq = $4', [
      JSON.stringify(data),
      hash,
      id,
      seq,
    ])
  await admin.query('update esa.actors set head = $1 where id = $2', [head, id])
}

const remove = (id: string): string =>
  `delete from esa.events where stream = '${id}'; delete from esa.actors where id = '${id}'`

/** What was tried. */
export const CHANGES: Change[] = [
  {
    what: 'removes a stream',
    alone: false,
    when: 'hour',
    of: ({ first }) => first,
    change: sql(({ first }) => remove(first)),
  },
  {
    what: 'removes a stream and calls it retired',
    alone: false,
    when: 'hour',
    of: ({ first }) => first,
    change: sql(
      ({
        first,
      }) => `insert into esa.retired select id, type, seq, head, 0 from esa.actors where id = '${first}';
        ${remove(first)}`,
    ),
  },
  {
    what: 'removes a stream without its actor',
    alone: true,
    when: 'hour',
    of: ({ first }) => first,
    change: sql(({ first }) => `delete from esa.events where stream = '${first}'`),
  },
  {
    what: 'removes an actor without its stream',
    alone: false,
    when: 'hour',
    of: ({ first }) => first,
    change: sql(({ first }) => `delete from esa.actors where id = '${first}'`),
  },
  {
    what: 'removes every stream',
    alone: false,
    when: 'hour',
    of: ({ open }) => open,
    change: sql(() => 'truncate esa.events; truncate esa.actors'),
  },
  {
    what: 'cuts a tail with its actor',
    alone: true,
    when: 'hour',
    of: ({ first }) => first,
    change: cutTail(({ first }) => first, 1),
  },
  {
    what: 'cuts a tail, and an actor is set to the state before it',
    alone: false,
    when: 'hour',
    of: ({ first }) => first,
    change: async (copy, { first }, world) => {
      const before = await world.copy({ database: 'old' })
      const { rows } = await before.admin.query('select to_jsonb(a) as row from esa.actors a where id = $1', [
        first,
      ])
      await before.close()
      await copy.admin.query(`delete from esa.events where stream = '${first}' and seq > ${rows[0].row.seq}`)
      await copy.admin.query(`delete from esa.actors where id = '${first}'`)
      await copy.admin.query(
        'insert into esa.actors select * from jsonb_populate_record(null::esa.actors, $1)',
        [rows[0].row],
      )
    },
  },
  {
    what: 'writes a chain again from end to end',
    alone: true,
    when: 'hour',
    of: ({ first }) => first,
    change: (copy, { first }) => recompute(copy, first, 'incident.resolved'),
  },
  {
    what: 'writes a chain again before the events that are not sealed yet',
    alone: true,
    when: 'hour',
    from: { home: 'old' },
    of: ({ first }) => first,
    change: (copy, { first }) => recompute(copy, first, 'incident.acknowledged'),
  },
  {
    what: 'changes an event in the middle',
    alone: true,
    when: 'day',
    of: ({ first }) => first,
    change: sql(({ first }) => `update esa.events set at = at + 1 where stream = '${first}' and seq = 2`),
  },
  {
    what: 'removes an event in the middle',
    alone: true,
    when: 'day',
    of: ({ first }) => first,
    change: sql(({ first }) => `delete from esa.events where stream = '${first}' and seq = 2`),
  },
  {
    what: 'appends a row',
    alone: true,
    when: 'hour',
    of: ({ first }) => first,
    change: sql(
      ({
        first,
      }) => `insert into esa.events select stream, 99, at, type, epoch, level, actor, late_ms, data, null, null, null, hash
        from esa.events where stream = '${first}' and seq = 2`,
    ),
  },
  {
    what: 'changes the last event’s hash with its actor’s',
    alone: true,
    when: 'hour',
    of: ({ first }) => first,
    change: sql(
      ({ first }) => `update esa.actors set head = repeat('0', 64) where id = '${first}';
        update esa.events set hash = repeat('0', 64) where stream = '${first}' and seq = (select seq from esa.actors where id = '${first}')`,
    ),
  },
  {
    what: 'swaps two streams',
    alone: true,
    when: 'hour',
    of: ({ first }) => first,
    change: sql(
      ({ first, second }) => `update esa.events set stream = 'x' where stream = '${first}';
        update esa.events set stream = '${first}' where stream = '${second}'; update esa.events set stream = '${second}' where stream = 'x'`,
    ),
  },
  {
    what: 'renumbers the positions of one stream',
    alone: false,
    when: 'day',
    of: ({ first }) => first,
    change: sql(({ first }) => `update esa.events set pos = pos + 1000 where stream = '${first}'`),
  },
  {
    what: 'swaps the positions of two events',
    alone: false,
    when: 'day',
    of: ({ first }) => first,
    change: sql(
      ({ first }) => `update esa.events e set pos = o.pos from esa.events o
        where e.stream = '${first}' and o.stream = e.stream and e.seq in (1, 2) and o.seq = 3 - e.seq`,
    ),
  },
  {
    what: 'renumbers all positions',
    alone: false,
    when: 'day',
    of: ({ second }) => second,
    change: sql(() => 'update esa.events set pos = 1000000 - pos'),
  },
  ...(
    [
      ['person', `person = 'Eve'`],
      ['holder', `holder = 'agent-0'`],
      ['scopes', `scopes = '["admin"]'`],
      ['expiry', 'expires_at = expires_at + 86400000000'],
      ['secret', `hash = repeat('0', 64)`],
      ['maker', `created_by = 'Eve'`],
      ['age', 'created_at = created_at - 86400000'],
    ] as const
  ).map(([what, set]): Change => ({
    what: `changes the ${what} of a token`,
    alone: false,
    when: 'hour',
    of: ({ token }) => token,
    change: sql(({ token }) => `update esa.tokens set ${set} where id = '${token}'`),
  })),
  {
    what: 'takes back the revocation of a token',
    alone: false,
    when: 'hour',
    of: ({ revoked }) => revoked,
    change: sql(({ revoked }) => `update esa.tokens set revoked_at = null where id = '${revoked}'`),
  },
  {
    what: 'removes a token',
    alone: false,
    when: 'hour',
    of: ({ token }) => token,
    change: sql(({ token }) => `delete from esa.tokens where id = '${token}'`),
  },
  {
    what: 'makes a service a person',
    alone: false,
    when: 'hour',
    of: ({ account }) => account,
    change: sql(({ account }) => `update esa.accounts set kind = 'person' where id = '${account}'`),
  },
  {
    what: 'removes an account',
    alone: false,
    when: 'hour',
    of: ({ account }) => account,
    change: sql(({ account }) => `delete from esa.accounts where id = '${account}'`),
  },
  {
    what: 'gives a token to another account',
    alone: false,
    when: 'hour',
    of: ({ token }) => token,
    change: sql(({ token }) => `update esa.tokens set account = 'another' where id = '${token}'`),
  },
  {
    what: 'restores an older database',
    alone: false,
    when: 'hour',
    from: { database: 'old' },
    of: ({ first }) => first,
    change: async () => {},
  },
  {
    what: 'restores a database from before the seals',
    alone: false,
    when: 'hour',
    from: { database: 'before' },
    of: seals,
    change: async () => {},
  },
  {
    what: 'gives the runtime another id',
    alone: false,
    when: 'hour',
    of: seals,
    change: sql(() => `update esa.runtime set id = 'another'`),
  },
  {
    what: 'removes the seals',
    alone: false,
    when: 'hour',
    of: seals,
    change: ({ home }) => rm(join(home, 'seals.jsonl')),
  },
  {
    what: 'removes the seals and the key',
    alone: false,
    when: 'hour',
    of: seals,
    change: async ({ home }) => {
      for (const name of ['seals.jsonl', 'seal.key']) await rm(join(home, name))
    },
  },
  {
    what: 'removes the key',
    alone: false,
    when: 'hour',
    of: seals,
    change: ({ home }) => rm(join(home, 'seal.key')),
  },
  {
    what: 'replaces the key',
    alone: false,
    when: 'hour',
    of: seals,
    change: ({ home }) => writeFile(join(home, 'seal.key'), newKey()),
  },
  {
    what: 'edits a seal',
    alone: false,
    when: 'hour',
    of: seals,
    change: async ({ home }, { first }) => {
      const [one, ...rest] = await lines(home)
      await writeLines(home, [one!.replace(first, '01AAAAAAAAAAAAAAAAAAAAAAAA'), ...rest])
    },
  },
  {
    what: 'edits the last seal, and what the database remembers of it',
    alone: false,
    when: 'hour',
    of: seals,
    change: async ({ home, admin }, { open }) => {
      const all = await lines(home)
      const edited = all.at(-1)!.replace(open, '01AAAAAAAAAAAAAAAAAAAAAAAA')
      await writeLines(home, [...all.slice(0, -1), edited])
      await admin.query('update esa.sealers set hash = $1', [hashLine(edited)])
    },
  },
  {
    what: 'removes a seal from the middle',
    alone: false,
    when: 'hour',
    of: seals,
    change: async ({ home }) => writeLines(home, (await lines(home)).slice(1)),
  },
  {
    what: 'cuts the last seal',
    alone: false,
    when: 'hour',
    of: seals,
    change: async ({ home }) => writeLines(home, (await lines(home)).slice(0, -1)),
  },
  {
    what: 'puts back the older seals',
    alone: false,
    when: 'hour',
    from: { home: 'old' },
    of: seals,
    change: async () => {},
  },
  {
    what: 'signs all seals again with another key',
    alone: false,
    when: 'hour',
    of: seals,
    change: async ({ home }) => {
      const key = newKey()
      let prev = ''
      const forged = (await lines(home)).map((line, index) => {
        const { seal } = readSeal(line)!
        const again = writeSeal(
          { ...seal, streams: [], prev, ...(index === 0 ? { key: publicKeyOf(key) } : {}) },
          key,
        )
        prev = hashLine(again)
        return again
      })
      await writeLines(home, forged)
      await writeFile(join(home, 'seal.key'), key)
    },
  },
]
