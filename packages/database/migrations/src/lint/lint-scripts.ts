import {
  type Finding,
  onOneSession,
  type Queryable,
  executionOf,
  type RelationLock,
  strongest,
} from '@esa/database-catalog/sql'
import { type RehearsalOptions, withRehearsal, lackingOf } from '@esa/database-sandbox'
import { isMeasured, type StatementFacts } from './facts.ts'
import { judge, type Verdict } from './judge.ts'
import { look } from './observe.ts'
import type { Script } from './read-script.ts'
import type { Size } from './rules/rule.ts'
import { namedRelations, OBSTACLES_MAX } from './step-through.ts'
import { withTriedFixes } from './try-fixes.ts'
import { type Manner, tryScript } from './try-script.ts'
import { unindexedKeys, withUnindexed } from './unindexed-keys.ts'
import { factsUntried } from './unmeasured.ts'

/** What scripts are tried on. */
export interface LintOptions extends Pick<RehearsalOptions, 'ground' | 'schema'> {
  /** Each script on the schema before; else one after another. */
  independent: boolean
  /** Each script in a transaction, as many tools apply it. */
  assumeInTransaction?: boolean
  /** Of the target's tables, by `schema.relation`; none where there is no target. */
  sizes: ReadonlyMap<string, Size>
  /** Called with the number of statements tried. */
  onProgress?: (tried: number) => void
}

/** Sessions of a rehearsal: one tries, one looks on, the rest stand in its way. */
const SESSIONS = OBSTACLES_MAX + 3

/** A script and what its statements did; `base` are the relations that were there before any script. */
interface Tried {
  script: Script
  facts: StatementFacts[]
  base: ReadonlySet<number>
  missing: Finding[]
}

/** What a lint answers. */
export interface LintReport {
  statements: Verdict[]
  /** What of the schema before could not be carried over to the rehearsal. */
  missing: Finding[]
}

/** True when a script holds anything that can be tried: one of roles and settings of the server needs no rehearsal. */
export function needsRehearsal(scripts: readonly Script[]): boolean {
  return scripts.some(({ statements }) =>
    statements.some(({ node }) => executionOf(node) !== 'never' || 'CopyStmt' in node),
  )
}

/** Judges scripts by their text alone: nothing is run, and nothing is known of what there is. */
export function lintUntried(scripts: readonly Script[], wrapped = false): LintReport {
  const known = { base: new Set<number>(), sizes: new Map<string, Size>() }
  return {
    statements: scripts.flatMap((script) => judge(script, factsUntried(script.statements, wrapped), known)),
    missing: [],
  }
}

/** Tries every statement of the scripts on a rehearsal database and judges what it did. @throws EsaError `sql.schema-failed`, `database.*`. */
export async function lintScripts(scripts: readonly Script[], options: LintOptions): Promise<LintReport> {
  const groups = options.independent ? scripts.map((script) => [script]) : [scripts]
  const statements: Verdict[] = []
  const missing: Finding[][] = []
  const { ground, schema, sizes } = options
  const target = schema !== null && 'from' in schema ? await nameOf(schema.from) : null
  for (const group of groups) {
    const before = group === groups[0] ? 0 : statements.length
    const onProgress = (done: number): void => options.onProgress?.(before + done)
    const tried = await tryGroup(group, { ...options, onProgress })
    missing.push(...tried.map((one) => one.missing))
    const verdicts = tried.flatMap(({ script, facts, base }) => judge(script, facts, { base, sizes }))
    statements.push(...(await withTriedFixes(group, verdicts, { ground, schema, target })))
  }
  return { statements, missing: missing[0] ?? [] }
}

/**
 * A lock that a transaction holds already does not show when it is taken again: where a script has transactions of its
 * own, a second rehearsal runs each statement by itself.
 */
async function tryGroup(scripts: readonly Script[], options: LintOptions): Promise<Tried[]> {
  const written = await rehearse(scripts, 'as written', options)
  if (!written.some(({ facts }) => facts.some(({ transaction }) => transaction !== null))) return written
  const apart = await rehearse(scripts, 'apart', { ...options, onProgress: () => {} })
  return written.map((one, at) => ({
    ...one,
    facts: one.facts.map((facts, nth) => withOwnLocks(facts, apart[at]!.facts[nth]!)),
  }))
}

function withOwnLocks(written: StatementFacts, apart: StatementFacts): StatementFacts {
  if (written.transaction === null || !isMeasured(written)) return written
  const own = isMeasured(apart) ? apart.locks : heldOnNamed(written)
  return { ...written, locks: strongest([...written.locks, ...own]) }
}

/** Where a statement cannot be tried by itself: what its transaction holds already on the tables that it names. */
function heldOnNamed({ statement, before, held = [] }: StatementFacts): RelationLock[] {
  const names = new Set([...namedRelations(statement.node)].map((name) => before.find(name)?.name))
  return held.filter(({ relation }) => names.has(relation))
}

async function rehearse(
  scripts: readonly Script[],
  manner: Manner,
  { ground, schema, onProgress, assumeInTransaction: wrapped = false }: LintOptions,
): Promise<Tried[]> {
  const target = schema !== null && 'from' in schema ? await nameOf(schema.from) : null
  return withRehearsal({ ground, id: 'lint', schema }, async (rehearsal) => {
    const opened = await rehearsal.open(SESSIONS)
    try {
      const pool = opened.queryable
      const [base, known] = [await relationsOf(pool), await unindexedKeys(pool)]
      const tried: Tried[] = []
      let done = 0
      for (const script of scripts) {
        await rehearsal.admitRoles(script.statements)
        const facts = await tryScript(pool, script.statements, {
          manner,
          wrapped,
          target,
          lacking: lackingOf(rehearsal.missing),
          onTried: () => onProgress?.(++done),
        })
        tried.push({ script, facts, base, missing: rehearsal.missing })
      }
      const before = new Set(known.map(({ oid }) => oid))
      const added = (await unindexedKeys(pool)).filter(({ oid }) => !before.has(oid))
      return tried.map((one) => ({ ...one, facts: withUnindexed(one.facts, added) }))
    } finally {
      await opened.close()
    }
  })
}

async function nameOf(database: Queryable): Promise<string> {
  const { rows } = await database.query('select current_database() as name')
  return String(rows[0]!['name'])
}

async function relationsOf(pool: Queryable): Promise<ReadonlySet<number>> {
  const { relations } = await onOneSession(pool, (session) => look(session))
  return new Set(relations.byOid.keys())
}
