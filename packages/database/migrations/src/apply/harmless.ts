import type { Node, RangeVar } from '@pgsql/types'
import { quoteIdentifier, sqlState, type Queryable, type ParsedStatement } from '@esa/database-catalog/sql'
import { classifyStatement, type StatementRisk, worstRisk } from '../plan/steps/classify.ts'

/** No table, column or schema of that name. */
const NOT_THERE = new Set(['42P01', '42703', '3F000'])

/**
 * The risk of statements as the target is: to drop a table without rows, or columns without a value, takes nothing
 * away. What the grammar calls harmless stays so. Rows that come between this look and the statement are not seen.
 */
export async function riskNow(session: Queryable, statements: ParsedStatement[]): Promise<StatementRisk> {
  const risks: StatementRisk[] = []
  for (const statement of statements) {
    const risk = classifyStatement(statement)
    risks.push(risk === 'destructive' && (await takesNothing(session, statement.node)) ? 'major' : risk)
  }
  return worstRisk(risks)
}

async function takesNothing(session: Queryable, node: Node): Promise<boolean> {
  if (
    'DropStmt' in node &&
    node.DropStmt.removeType === 'OBJECT_TABLE' &&
    node.DropStmt.behavior !== 'DROP_CASCADE'
  ) {
    const tables = (node.DropStmt.objects ?? []).map((object) =>
      'List' in object ? (object.List.items ?? []) : [],
    )
    const names = tables.map((parts) =>
      parts.map((part) => quoteIdentifier('String' in part ? (part.String.sval ?? '') : '')).join('.'),
    )
    return await allEmpty(
      session,
      names.map((name) => `select from ${name}`),
    )
  }
  if (!('AlterTableStmt' in node)) return false
  const parts = (node.AlterTableStmt.cmds ?? []).map((cmd) =>
    'AlterTableCmd' in cmd ? cmd.AlterTableCmd : {},
  )
  // Only what is dropped can be empty; another harm among the parts stays one.
  const others = parts.filter(({ subtype }) => subtype !== 'AT_DropColumn')
  const rest = {
    kind: 'AlterTableStmt',
    node: { AlterTableStmt: { ...node.AlterTableStmt, cmds: others.map((cmd) => ({ AlterTableCmd: cmd })) } },
  }
  if (classifyStatement(rest) === 'destructive') return false
  const dropped = parts.filter(
    ({ subtype, behavior }) => subtype === 'AT_DropColumn' && behavior !== 'DROP_CASCADE',
  )
  const table = nameOf(node.AlterTableStmt.relation)
  return await allEmpty(
    session,
    dropped.map(({ name = '' }) => `select from ${table} where ${quoteIdentifier(name)} is not null`),
  )
}

async function allEmpty(session: Queryable, queries: string[]): Promise<boolean> {
  for (const query of queries) {
    const { rows } = await session
      .query(`select exists (${query}) as held`)
      // What a statement before this one gives its name cannot be looked into yet.
      .catch((error: unknown) => {
        if (NOT_THERE.has(sqlState(error) ?? '')) return { rows: [{ held: true }] }
        throw error
      })
    if (rows[0]?.['held'] === true) return false
  }
  return true
}

function nameOf({ schemaname, relname = '' }: RangeVar = {}): string {
  return schemaname ? `${quoteIdentifier(schemaname)}.${quoteIdentifier(relname)}` : quoteIdentifier(relname)
}
