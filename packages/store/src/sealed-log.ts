import type { Pool } from 'pg'
import { NOW } from './postgres-sql.ts'
import { withPool } from './with-pool.ts'

/** Streams that are read in one statement: a moment's work, so that no worker waits for a connection. */
const AT_ONCE = 5_000

/** Where a stream ends: by its actor, and by its last event. In one statement, so that a step in hand shows in both or in neither. */
export interface StreamEnd {
  id: string
  seq: number
  head: string
  lastSeq: number
  lastHash: string
}

/** Positions of a stream's events after `after` up to `upTo`; null for events of a log from before there were positions. */
export interface PositionsOf {
  id: string
  after: number
  upTo: number
}

/** How far the seals of a home have come, as the database remembers it. */
export interface Witness {
  key: string
  n: number
  hash: string
}

/** Tables whose rows are sealed one by one. */
export const SEALED_TABLES = ['tokens', 'accounts'] as const
export type SealedTable = (typeof SEALED_TABLES)[number]

/** A row that is sealed by its columns, each by its name. */
export type SealedRow = Record<string, unknown>

const ENDS = `select a.id, a.seq, a.head, coalesce(e.seq, 0) as "lastSeq", coalesce(e.hash, '') as "lastHash"
  from esa.actors a left join lateral
    (select seq, hash from esa.events where stream = a.id order by seq desc limit 1) e on true`

/** What a seal reads of a database, and the row by which the database remembers the seal. */
export class SealedLog {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async runtimeId(): Promise<string> {
    return (await this.#rows<{ id: string }>('select id from esa.runtime', []))[0]!.id
  }

  /** The highest position that is visible; lower ones may still come. */
  async tail(): Promise<number> {
    const text = 'select coalesce(max(pos), 0)::bigint as pos from esa.events'
    return (await this.#rows<{ pos: number }>(text, []))[0]!.pos
  }

  /** Streams with an event at a position after `after` and up to `upTo`. */
  async changed(after: number, upTo: number): Promise<string[]> {
    const text = 'select distinct stream from esa.events where pos > $1 and pos <= $2'
    return (await this.#rows<{ stream: string }>(text, [after, upTo])).map(({ stream }) => stream)
  }

  /** Where every stream ends, in batches. */
  async *allEnds(): AsyncGenerator<StreamEnd[]> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const text = `${ENDS} where a.id > $1 order by a.id limit ${AT_ONCE}`
      const batch: StreamEnd[] = await this.#rows<StreamEnd>(text, [after])
      after = batch.length < AT_ONCE ? undefined : batch.at(-1)!.id
      yield batch
    }
  }

  /** Where some streams end; those without an actor are left out. */
  async ends(ids: readonly string[]): Promise<StreamEnd[]> {
    const found = inBatches(ids, (batch) => this.#rows<StreamEnd>(`${ENDS} where a.id = any($1)`, [batch]))
    return (await found).flat()
  }

  /** The hash of one event of each of some streams; an event that is not there is left out. */
  async hashesAt(places: readonly { id: string; seq: number }[]): Promise<Map<string, string>> {
    const text = `select w.stream as id, e.hash from unnest($1::text[], $2::int[]) as w(stream, seq)
      cross join lateral (select hash from esa.events where stream = w.stream and seq = w.seq limit 1) e`
    const found = await inBatches(places, (batch) =>
      this.#rows<{ id: string; hash: string }>(text, [
        batch.map(({ id }) => id),
        batch.map(({ seq }) => seq),
      ]),
    )
    return new Map(found.flat().map(({ id, hash }) => [id, hash]))
  }

  /** The positions of events, in order; a stream without such events is left out. */
  async positions(wanted: readonly PositionsOf[]): Promise<Map<string, (string | null)[]>> {
    const text = `select e.stream as id, array_agg(e.pos::text order by e.seq) as pos
      from unnest($1::text[], $2::int[], $3::int[]) as w(stream, after, up_to)
      join esa.events e on e.stream = w.stream and e.seq > w.after and e.seq <= w.up_to group by e.stream`
    const found = await inBatches(wanted, (batch) =>
      this.#rows<{ id: string; pos: (string | null)[] }>(text, [
        batch.map(({ id }) => id),
        batch.map(({ after }) => after),
        batch.map(({ upTo }) => upTo),
      ]),
    )
    return new Map(found.flat().map(({ id, pos }) => [id, pos]))
  }

  /** Every row of a table that is sealed by its columns; none where there is no such table. */
  async rowsOf(table: SealedTable): Promise<SealedRow[]> {
    const there = 'select to_regclass($1) is not null as there'
    if (!(await this.#rows<{ there: boolean }>(there, [`esa.${table}`]))[0]!.there) return []
    const rows = await this.#rows<{ row: SealedRow }>(`select to_jsonb(t) as row from esa.${table} t`, [])
    return rows.map(({ row }) => row)
  }

  /** What the database remembers of a home's seals, or null. A home that was moved is known by its key. */
  async witness(home: string, key: string | null): Promise<Witness | null> {
    const text = `select key, n, hash from esa.sealers where home = $1 or key = $2
      order by (home = $1) desc, n desc limit 1`
    return (await this.#rows<Witness>(text, [home, key]))[0] ?? null
  }

  /** Homes that seal this database. */
  async homes(): Promise<string[]> {
    const rows = await this.#rows<{ home: string }>('select home from esa.sealers order by at desc', [])
    return rows.map(({ home }) => home)
  }

  async remember(home: string, { key, n, hash }: Witness): Promise<void> {
    const text = `insert into esa.sealers (home, key, n, hash, at) values ($1, $2, $3, $4, ${NOW})
      on conflict (home) do update set key = excluded.key, n = excluded.n, hash = excluded.hash, at = excluded.at`
    await this.#rows(text, [home, key, n, hash])
  }

  async #rows<Row>(text: string, values: unknown[]): Promise<Row[]> {
    return (await this.#pool.query(text, values)).rows as Row[]
  }
}

/** Works on what is sealed of a database, by one or two connections of its own. @throws EsaError of the database. */
export async function withSealedLog<T>(url: string, work: (log: SealedLog) => Promise<T>): Promise<T> {
  return await withPool(url, 'seals', async (pool) => await work(new SealedLog(pool)))
}

async function inBatches<In, Out>(
  all: readonly In[],
  work: (batch: readonly In[]) => Promise<Out>,
): Promise<Out[]> {
  const done: Out[] = []
  for (let from = 0; from < all.length; from += AT_ONCE)
    done.push(await work(all.slice(from, from + AT_ONCE)))
  return done
}
