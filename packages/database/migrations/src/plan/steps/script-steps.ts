import { digestText, EsaError } from '@esa/protocol'
import type { Node } from '@pgsql/types'
import type { ParsedStatement } from '@esa/database-catalog/sql'
import { classifyStatement, worstRisk } from './classify.ts'
import { settingOf } from './setting.ts'
import { type MigrationStep, oneLine, type Work } from './step.ts'

/** Statements that act on more than this database, or on the client: no step of a migration. */
const REFUSED: Record<string, string> = {
  CreatedbStmt: 'it makes another database',
  DropdbStmt: 'it ends a database',
  AlterSystemStmt: 'it sets up the server',
  CreateTableSpaceStmt: 'it is about the server',
  DropTableSpaceStmt: 'it is about the server',
}

/** The steps of a script. @throws EsaError `migration.not-applicable` (terminal), with the line. */
export function stepsOfScript(statements: ParsedStatement[], file: string): MigrationStep[] {
  const steps: MigrationStep[] = []
  let block: ParsedStatement[] | null = null
  for (const statement of statements) {
    refuse(statement, file, block !== null)
    const boundary = boundaryOf(statement)
    if (boundary === 'begin') block = []
    else if (boundary === 'commit') {
      if (block === null) throw notApplicable(statement, file, 'there is no BEGIN before it')
      if (block.length > 0) steps.push(stepOf(block, file), ...setAgain(block, file))
      block = null
    } else if (block === null) steps.push(stepOf([statement], file))
    else block.push(statement)
  }
  if (block !== null) throw notApplicable(statements.at(-1)!, file, 'the BEGIN before it has no COMMIT')
  return steps
}

function stepOf(statements: ParsedStatement[], file: string): MigrationStep {
  const [first] = statements
  const sql = statements.map(({ text }) => text).join('\n;\n')
  const risk = worstRisk(statements.map(classifyStatement))
  const about = `${file}:${first!.line} ${oneLine(sql)}`
  // The place keeps two equal statements of a file apart.
  return {
    id: `statement-${first!.index + 1}`,
    hash: digestText(sql),
    text: sql,
    about,
    phase: null,
    risk,
    work: workOf(statements, sql),
  }
}

/** What a block sets outlasts it: a continued apply behind the block sets it without the rest. */
function setAgain(block: ParsedStatement[], file: string): MigrationStep[] {
  const settings = block.filter(({ node }) => settingOf(node) === 'session')
  if (settings.length === 0) return []
  const step = stepOf(settings, file)
  const sql = settings.map(({ text }) => text).join('\n;\n')
  return [{ ...step, id: `statement-${block[0]!.index + 1}-set`, work: { kind: 'session', sql } }]
}

/** What only sets something for the rest of the session is set again when an apply continues: what follows relies on it. */
function workOf(statements: ParsedStatement[], sql: string): Work {
  if (statements.length === 1 && settingOf(statements[0]!.node) === 'session') return { kind: 'session', sql }
  return {
    kind: 'statement',
    sql,
    transaction: statements.length > 1 || !runsAlone(statements[0]!.node),
    rollback: null,
  }
}

/** True for what PostgreSQL refuses in a transaction. Source: PreventInTransactionBlock in its commands. */
export function runsAlone(node: Node): boolean {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true
  if ('DropStmt' in node) return node.DropStmt.concurrent === true
  if ('VacuumStmt' in node) return node.VacuumStmt.is_vacuumcmd === true
  if ('ClusterStmt' in node) return node.ClusterStmt.relation === undefined
  if ('ReindexStmt' in node) return reindexRunsAlone(node.ReindexStmt)
  if ('AlterTableStmt' in node) {
    const parts = node.AlterTableStmt.cmds ?? []
    return parts.some((part) => 'AlterTableCmd' in part && detachesConcurrently(part.AlterTableCmd.def))
  }
  return false
}

function reindexRunsAlone({ kind, params = [] }: { kind?: string; params?: Node[] }): boolean {
  const concurrent = params.some((param) => 'DefElem' in param && param.DefElem.defname === 'concurrently')
  return concurrent || !['REINDEX_OBJECT_INDEX', 'REINDEX_OBJECT_TABLE'].includes(kind ?? '')
}

function detachesConcurrently(def: Node | undefined): boolean {
  return def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent === true
}

function boundaryOf({ node }: ParsedStatement): 'begin' | 'commit' | null {
  if (!('TransactionStmt' in node)) return null
  const { kind } = node.TransactionStmt
  if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') return 'begin'
  return kind === 'TRANS_STMT_COMMIT' ? 'commit' : null
}

function refuse(statement: ParsedStatement, file: string, inBlock: boolean): void {
  const { kind, node } = statement
  if (Object.hasOwn(REFUSED, kind)) throw notApplicable(statement, file, REFUSED[kind]!)
  if ('TransactionStmt' in node && boundaryOf(statement) === null)
    throw notApplicable(
      statement,
      file,
      'only BEGIN and COMMIT are understood, so that what was done can be recorded',
    )
  if ('CopyStmt' in node && node.CopyStmt.filename === undefined)
    throw notApplicable(statement, file, 'its rows come from psql: write INSERT')
  if ('IndexStmt' in node && node.IndexStmt.concurrent && !node.IndexStmt.idxname)
    throw notApplicable(statement, file, 'name the index: a build that was interrupted is found by its name')
  if (!inBlock && isTemporary(node))
    throw notApplicable(
      statement,
      file,
      'a temporary table ends with its session: put BEGIN and COMMIT around its use',
    )
}

function isTemporary(node: Node): boolean {
  if ('CreateStmt' in node) return node.CreateStmt.relation?.relpersistence === 't'
  return 'CreateTableAsStmt' in node && node.CreateTableAsStmt.into?.rel?.relpersistence === 't'
}

function notApplicable({ line, text }: ParsedStatement, file: string, why: string): EsaError {
  return new EsaError('migration.not-applicable', 'terminal', `${file}:${line} cannot be applied: ${why}`, {
    details: { line, statement: oneLine(text) },
    hint: 'change the file, or run this statement by hand',
  })
}
