import { QuoteUtils } from 'pgsql-deparser'
import type { AlterTableCmd, AlterTableType, RangeVar } from '@pgsql/types'
import { blocksWrites } from '@esa/database-catalog/sql'
import { isMeasured, lockOn, type StatementFacts } from '../facts.ts'
import type { Relation } from '../observe.ts'
import type { ScriptView } from './script-view.ts'

/** How bad a finding is; `error`: dangerous or wrong. */
export type Severity = 'error' | 'warning' | 'info'

/** How much a table holds, as the target's catalogs say. */
export interface Size {
  rows: number
  bytes: number
}

/** What a rule says about one statement. */
export interface Hit {
  message: string
  /** The safe way for this very statement; else the rule's own. */
  fix?: string
  /** The table whose size decides how bad it is. */
  relation?: string
  /** Where this one is worse, or less bad, than the rule's. */
  severity?: Severity
}

/** One danger that statements may hold. */
export interface Rule {
  id: string
  severity: Severity
  /** What goes wrong, and for whom. */
  danger: string
  safeWay: string
  /** Its severity falls where the table is known to be small: what it costs grows with the rows. */
  grows?: true
  /** It is an error where the table is known to be large. */
  rises?: true
  check(input: RuleInput): Hit[]
}

/** A statement as rules see it. */
export interface RuleInput {
  facts: StatementFacts
  /** Its file, and its own place in it. */
  script: ScriptView
  at: number
  /** Relations that were there before any file of this run. */
  base: ReadonlySet<number>
}

/**
 * The name of a relation that others may be using, quoted where SQL needs it: one that was there before the run. One that is not there at all is
 * taken to be in use, unless the file makes it: the schema before the file is unknown.
 */
export function liveName({ facts, script, at, base }: RuleInput, name: RangeVar | undefined): string | null {
  if (name?.relname === undefined || name.relpersistence === 't') return null
  const found = facts.before.find(name)
  if (found !== undefined) return isLive(found, base) ? found.name : null
  // What PostgreSQL did without finding it was not about a table of the schema: IF EXISTS, or one of the system's.
  if (isMeasured(facts)) return null
  const written = QuoteUtils.quoteQualifiedIdentifier(name.schemaname, name.relname)
  return (script.madeAt.get(name.relname) ?? at) < at ? null : written
}

/** True for a relation that was there before the run, or whose table was. */
function isLive({ oid, table }: Relation, base: ReadonlySet<number>): boolean {
  return base.has(table ?? oid)
}

/** Names of live relations among those that facts speak of. */
export function liveAmong({ facts, base }: RuleInput, names: readonly string[]): string[] {
  return names.filter((name) => {
    const relation = facts.before.byName.get(name)
    return relation !== undefined && isLive(relation, base)
  })
}

/** What code that the statement ran took from live tables, with the table's name. */
export function droppedByCode({ facts, base }: RuleInput): { table: string; column: string | null }[] {
  return (facts.dropped ?? []).flatMap(({ oid, column }) => {
    const relation = facts.before.byOid.get(oid)
    return relation !== undefined && isLive(relation, base) ? [{ table: relation.name, column }] : []
  })
}

/** The commands of an ALTER TABLE on a live table, with the table's name. */
export function liveCommands(
  input: RuleInput,
  ...subtypes: AlterTableType[]
): { table: string; command: AlterTableCmd }[] {
  const { node } = input.facts.statement
  if (!('AlterTableStmt' in node)) return []
  const { relation, cmds = [], objtype } = node.AlterTableStmt
  const table = objtype === 'OBJECT_TABLE' ? liveName(input, relation) : null
  if (table === null) return []
  return cmds.flatMap((cmd) => {
    const command = 'AlterTableCmd' in cmd ? cmd.AlterTableCmd : {}
    return command.subtype !== undefined && subtypes.includes(command.subtype) ? [{ table, command }] : []
  })
}

/** Whether a table was written again, as measured; `otherwise` where that is not known. */
export function rewrote({ facts }: RuleInput, table: string, otherwise = true): boolean {
  return isMeasured(facts) ? isAmong(facts, table, facts.rewrites) : otherwise
}

/** Whether a table was read from end to end, as measured; `otherwise` where that is not known. */
export function scansTable({ facts }: RuleInput, table: string, otherwise = true): boolean {
  return isMeasured(facts) ? isAmong(facts, table, facts.scans) : otherwise
}

/** The rows of a partitioned table are in its parts, whose names the statement does not say. */
function isAmong({ before }: StatementFacts, table: string, names: readonly string[]): boolean {
  return names.includes(table) || (before.byName.get(table)?.kind === 'p' && names.length > 0)
}

/** True when the statement keeps a table's writers waiting. */
export function blocksWritesTo(facts: StatementFacts, relation: string): boolean {
  const mode = lockOn(facts, relation)
  return mode !== undefined && blocksWrites(mode)
}
