import type { Node, RangeVar } from '@pgsql/types'
import { onOneSession, type Queryable, type ParsedStatement } from '@esa/database-catalog/sql'
import { locksOf, type Look, type Relation, type Relations } from './observe.ts'

/** Tables with sessions in a statement's way; most name one or two, and each takes a session. */
export const OBSTACLES_MAX = 3

/** A statement that is stepped through: `body` is the code it runs, where it runs any. */
interface Stepped {
  statement: ParsedStatement
  body: string
  before: Relations
}

/**
 * Runs a statement of several transactions while other sessions hold its tables: it waits at its locks, and what it
 * holds and requests is seen there. Each obstacle is first in the way of all, then in the way of DDL, then only of
 * what waits for readers, then gone. Gives all locks that were seen, or null where the statement names
 * no table: what it did may have gone by unseen. @throws what `run` throws.
 */
export async function stepThrough(
  { pool, pid }: { pool: Queryable; pid: number },
  stepped: Stepped,
  run: () => Promise<unknown>,
): Promise<Look['locks'] | null> {
  const seen: Look['locks'] = []
  const tables = tablesOf(stepped)
  await withObstacles(pool, tables, async (obstacles) => {
    const ended = new AbortController()
    const running = run().finally(() => ended.abort())
    const watching = (async () => {
      while (!ended.signal.aborted) {
        const { rows } = await pool.query('select pg_blocking_pids($1) as blockers', [pid])
        const blockers = rows[0]!['blockers'] as number[]
        const obstacle = obstacles.find((one) => blockers.includes(one.pid))
        // Only what is at rest is looked at: what is seen in passing would differ from one run to the next.
        if (obstacle === undefined) continue
        seen.push(...(await locksOf(pool, pid)))
        await obstacle.giveWay()
      }
    })()
    // A statement that fails must not leave the watch behind.
    await Promise.allSettled([running, watching])
    await running
    await watching
  })
  return tables.length === 0 ? null : seen
}

interface Obstacle {
  pid: number
  giveWay(): Promise<void>
}

/** Sessions that each hold one table. */
async function withObstacles(
  pool: Queryable,
  tables: readonly Relation[],
  work: (obstacles: Obstacle[]) => Promise<void>,
  standing: Obstacle[] = [],
): Promise<void> {
  const [table, ...others] = tables
  if (table === undefined) return work(standing)
  await onOneSession(pool, async (session) => {
    const { rows } = await session.query('select pg_backend_pid() as pid')
    // ONLY: the partitions of a table may be in the way by themselves. One round trip, as each table costs one.
    await session.query(`BEGIN; LOCK TABLE ONLY ${table.name} IN ACCESS SHARE MODE;
      SAVEPOINT ddl; LOCK TABLE ONLY ${table.name} IN SHARE UPDATE EXCLUSIVE MODE;
      SAVEPOINT everybody; LOCK TABLE ONLY ${table.name} IN ACCESS EXCLUSIVE MODE`)
    const steps = ['ROLLBACK TO SAVEPOINT everybody', 'ROLLBACK TO SAVEPOINT ddl', 'ROLLBACK']
    const obstacle = {
      pid: Number(rows[0]!['pid']),
      giveWay: async () => {
        const step = steps.shift()
        if (step !== undefined) await session.query(step)
      },
    }
    try {
      await withObstacles(pool, others, work, [...standing, obstacle])
    } finally {
      if (steps.length > 0) await session.query('ROLLBACK')
    }
  })
}

/** The tables that a statement names, by itself, by an index, or somewhere in its body. */
function tablesOf({ statement, body, before }: Stepped): Relation[] {
  const named = [...namedRelations(statement.node)].flatMap((name) => before.find(name) ?? [])
  const words = new Set(body.match(/\w+/g))
  const inBody = [...before.byOid.values()].filter(({ plainName }) =>
    words.has(plainName.slice(plainName.indexOf('.') + 1)),
  )
  const tables = [...named, ...inBody].flatMap(({ oid, table }) => before.byOid.get(table ?? oid) ?? [])
  // A materialized view cannot be locked by name.
  return [...new Set(tables)].filter(({ kind }) => /[rp]/.test(kind)).slice(0, OBSTACLES_MAX)
}

/** Every relation that a statement names: as such, or in the list of what is dropped. */
export function* namedRelations(node: unknown): Generator<RangeVar> {
  if (typeof node !== 'object' || node === null) return
  if ('relname' in node) yield node as RangeVar
  if ('DropStmt' in node) {
    for (const object of (node as Extract<Node, { DropStmt: unknown }>).DropStmt.objects ?? []) {
      const name = nameOf(object)
      if (name !== undefined) yield name
    }
  }
  for (const child of Object.values(node)) yield* namedRelations(child)
}

/** A name that is given as a list of words: `schema.relation` or `relation`. */
export function nameOf(object: Node): RangeVar | undefined {
  if (!('List' in object)) return undefined
  const words = (object.List.items ?? []).flatMap((item) =>
    'String' in item ? (item.String.sval ?? '') : [],
  )
  const relname = words.at(-1)
  if (relname === undefined) return undefined
  return words.length > 1 ? { schemaname: words.at(-2)!, relname } : { relname }
}
