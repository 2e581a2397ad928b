import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { groundAt, type TestGround } from '@esa/database-sandbox/testing'
import { onOneSession, type Queryable, executionOf } from '@esa/database-catalog/sql'
import type { Verdict } from './judge.ts'
import { CORPUS_SCHEMA } from '../../testing/corpus-schema.ts'
import { CORPUS } from '../../testing/lint-corpus.ts'
import { lintScripts } from './lint-scripts.ts'
import { RULE_CORPUS } from '../../testing/rule-corpus.ts'
import { RULES } from './rules/registry.ts'
import { readScript, type Script } from './read-script.ts'

/** What a second session sees of a statement while its transaction is open: the truth, found without the lint's code. */
interface Seen {
  locks: Record<string, string>
  rewrites: string[]
}

const STRENGTH = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
]

const FILES = `select c.oid::regclass::text as name, c.oid::int8, pg_relation_filenode(c.oid)::int8 as file from pg_class c
  where c.relnamespace = 'public'::regnamespace`

async function filesOf(session: Queryable): Promise<Map<string, string>> {
  const { rows } = await session.query(FILES)
  return new Map(rows.map(({ name, file }) => [String(name), String(file)]))
}

/** Runs a statement in a transaction, looks from another session, and commits. Null for what refuses a transaction. */
async function probe(session: Queryable, other: Queryable, sql: string): Promise<Seen | null> {
  const files = await filesOf(other)
  await session.query('begin')
  try {
    const pid = (await session.query('select pg_backend_pid() as pid')).rows[0]!['pid']
    await session.query(sql)
    const { rows } = await other.query(
      `select c.oid::regclass::text as name, l.mode from pg_locks l join pg_class c on c.oid = l.relation
       where l.pid = $1 and c.relnamespace = 'public'::regnamespace`,
      [pid],
    )
    await session.query('commit')
    const locks: Record<string, string> = {}
    for (const { name, mode } of rows as { name: string; mode: string }[]) {
      if (STRENGTH.indexOf(mode) > STRENGTH.indexOf(locks[name] ?? '')) locks[name] = mode
    }
    const now = await filesOf(other)
    const rewrites = [...files].filter(([name, file]) => now.has(name) && now.get(name) !== file)
    return { locks, rewrites: rewrites.map(([name]) => name).toSorted() }
  } catch (error) {
    await session.query('rollback')
    if (!/cannot (?:run inside|be executed from)|transaction block/.test(String(error))) {
      return { locks: {}, rewrites: [] }
    }
    await session.query(sql)
    return null
  }
}

/** Tables that the corpus drops or renames. */
const GONE = new Set(['secrets', 'recent', 'legacy'])

const bare = (name: string): string => name.replace(/^public\./, '')

describe('the lint of a corpus', () => {
  const server = ownServer()
  let ground: TestGround
  let script: Script
  let verdicts: Verdict[]
  let ruled: Verdict[]
  const seen: (Seen | null)[] = []
  const tables = new Set<string>()

  beforeAll(async () => {
    ground = groundAt(server.adminUrl)
    const sql = CORPUS.map((one) => `${one.sql};`).join('\n')
    script = await readScript('corpus.sql', Buffer.from(sql))
    const lines = RULE_CORPUS.map((one) => one.sql).join('\n')
    const second = await readScript('rules.sql', Buffer.from(lines))
    const options = { ground, schema: { sql: CORPUS_SCHEMA }, independent: true, sizes: new Map() }
    const { statements } = await lintScripts([script, second], options)
    verdicts = statements.filter(({ file }) => file === 'corpus.sql')
    ruled = statements.filter(({ file }) => file === 'rules.sql')
    await ground.createDatabase('probed')
    const { queryable: pool, close } = await ground.open('probed')
    await onOneSession(pool, async (session) => {
      await session.query(CORPUS_SCHEMA)
      await session.query(`set timezone = 'UTC'`)
      for (const one of CORPUS) seen.push(await probe(session, pool, one.sql))
    })
    const { rows } = await pool.query(`select relname from pg_class where relkind in ('r', 'p', 'v', 'm')`)
    for (const { relname } of rows) tables.add(String(relname))
    await close()
  })

  const cases = CORPUS.map((one, at) => ({ ...one, at }))

  it.each(cases)('knows what $sql does', ({ at, locks, rewrites = [], scans = [] }) => {
    const verdict = verdicts[at]!
    const isTable = (name: string): boolean => tables.has(name) || GONE.has(name)
    const own = (names: readonly string[]): string[] => names.map(bare).filter(isTable)
    const taken = verdict.locks.map(({ relation, mode }) => [bare(relation), mode] as const)
    expect({
      locks: Object.fromEntries(taken.filter(([name]) => isTable(name))),
      rewrites: own(verdict.rewrites),
      scans: own(verdict.scans),
    }).toEqual({ locks, rewrites, scans })
  })

  it.each(cases)('says of $sql what a second session sees', ({ at }) => {
    const truth = seen[at]
    const { locks, rewrites } = verdicts[at]!
    // What refuses a transaction ends before another session can look.
    expect(truth === null).toBe(executionOf(script.statements[at]!.node) === 'alone')
    if (truth === null || truth === undefined) return
    expect(Object.fromEntries(locks.map(({ relation, mode }) => [bare(relation), mode]))).toEqual(truth.locks)
    expect(rewrites.map(bare)).toEqual(truth.rewrites)
  })

  it.each(cases)('warns of $sql as it should, and of nothing else', ({ at, rules = [] }) => {
    const serious = verdicts[at]!.findings.filter(({ severity }) => severity !== 'info')
    expect(serious.map(({ rule }) => rule).toSorted()).toEqual(rules.toSorted())
  })

  it.each(RULE_CORPUS.map((one, at) => ({ ...one, at })))('applies its rules to $sql', ({ at, rules }) => {
    const found = ruled.find(({ line }) => line === at + 1)!.findings.map(({ rule }) => rule)
    expect(found).toEqual(expect.arrayContaining(rules))
  })

  it('has a case for each rule', () => {
    const cased = new Set([...CORPUS, ...RULE_CORPUS].flatMap(({ rules = [] }) => rules))
    expect(RULES.filter(({ id }) => !cased.has(id)).map(({ id }) => id)).toEqual([])
  })

  it('has enough of either kind', () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(60)
    expect(CORPUS.filter(({ rules }) => rules === undefined).length).toBeGreaterThanOrEqual(20)
  })
})
