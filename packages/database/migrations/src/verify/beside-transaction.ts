import type { Queryable } from '@esa/database-catalog/sql'

/** What a rollback does not take back: numbers of sequences, and statements that a session has prepared. */
export interface Beside {
  numbers: { oid: string; last: string; up: boolean }[]
  prepared: string[]
}

const LOOK = `select coalesce((select json_agg(json_build_object('oid', s.seqrelid::text,
    'last', pg_catalog.pg_sequence_last_value(s.seqrelid)::text, 'up', s.seqincrement > 0))
    from pg_catalog.pg_sequence s where pg_catalog.has_sequence_privilege(s.seqrelid, 'select, usage')
      and pg_catalog.has_sequence_privilege(s.seqrelid, 'update')), '[]') as numbers,
  array(select name from pg_catalog.pg_prepared_statements where from_sql) as prepared`

/** What of that exists before a transaction. */
export async function lookBeside(session: Queryable): Promise<Beside> {
  const { rows } = await session.query(LOOK)
  const { numbers, prepared } = rows[0] as unknown as Beside
  return { numbers: numbers.filter(({ last }) => last !== null), prepared }
}

/** Takes it back after a rollback: sequences that went back go on where they were, what was prepared is forgotten. */
export async function takeBackBeside(session: Queryable, before: Beside): Promise<void> {
  const now = await lookBeside(session)
  for (const { oid, last, up } of before.numbers) {
    const found = now.numbers.find((one) => one.oid === oid)
    const isBack = found !== undefined && BigInt(found.last) < BigInt(last) === up && found.last !== last
    if (isBack) await session.query('select pg_catalog.setval($1::oid::regclass, $2::int8)', [oid, last])
  }
  for (const name of now.prepared.filter((one) => !before.prepared.includes(one)))
    await session.query(`deallocate "${name.replaceAll('"', '""')}"`)
}
