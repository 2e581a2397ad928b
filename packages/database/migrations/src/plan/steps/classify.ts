import type { AlterTableCmd, ColumnDef, ExplainStmt, Node, TypeName } from '@pgsql/types'
import { settingOf } from './setting.ts'

/**
 * What a statement may do to what is there: `additive` takes nothing away and changes no value, `major` changes the
 * shape or the behavior of what exists (or cannot be read from the statement), `destructive` can lose rows or values.
 */
export type StatementRisk = 'additive' | 'major' | 'destructive'

const ORDER: StatementRisk[] = ['additive', 'major', 'destructive']

/** Statements that only add, whatever they say. */
const ADDING = new Set(
  (
    'CreateStmt CreateSchemaStmt CreateSeqStmt CreateEnumStmt CompositeTypeStmt CreateDomainStmt CreateExtensionStmt ' +
    'CreateRangeStmt IndexStmt CommentStmt CreateStatsStmt VacuumStmt CreateTableAsStmt ReindexStmt CheckPointStmt ' +
    'VariableSetStmt VariableShowStmt TransactionStmt AlterStatsStmt DefineStmt'
  ).split(' '),
)

/** Statements that end what they name. */
const ENDING = new Set(['TruncateStmt', 'DropOwnedStmt', 'DropdbStmt', 'DeleteStmt', 'DropTableSpaceStmt'])

/** Parts of ALTER TABLE that change no value and take nothing away. */
const ADDING_PARTS = new Set(
  (
    'AT_AddColumn AT_AddConstraint AT_ValidateConstraint AT_ColumnDefault AT_DropNotNull AT_SetNotNull AT_SetStatistics ' +
    'AT_SetOptions AT_SetRelOptions AT_AttachPartition AT_AddIdentity AT_AddIndexConstraint AT_SetStorage AT_SetCompression ' +
    'AT_ReplicaIdentity AT_ClusterOn'
  ).split(' '),
)

/** What DROP may take without a row or a value going with it. */
const WITHOUT_ROWS = new Set(
  (
    'OBJECT_INDEX OBJECT_VIEW OBJECT_FUNCTION OBJECT_PROCEDURE OBJECT_ROUTINE OBJECT_TRIGGER OBJECT_RULE OBJECT_POLICY ' +
    'OBJECT_AGGREGATE OBJECT_OPERATOR OBJECT_STATISTIC_EXT OBJECT_MATVIEW OBJECT_CAST OBJECT_PUBLICATION ' +
    'OBJECT_EVENT_TRIGGER OBJECT_DOMCONSTRAINT OBJECT_TABCONSTRAINT'
  ).split(' '),
)

/** Types without bounds, to which a column is usually widened. */
const WIDE = new Set(['int8', 'numeric', 'text'])

/** The worst of several; of none, that nothing is taken away. */
export function worstRisk(risks: StatementRisk[]): StatementRisk {
  return ORDER[Math.max(0, ...risks.map((risk) => ORDER.indexOf(risk)))]!
}

function riskOfPart({ subtype, name = '', def, behavior }: AlterTableCmd): StatementRisk {
  if (subtype === 'AT_DropColumn') return 'destructive'
  if (subtype === 'AT_AlterColumnType') return riskOfType(name, def)
  if (subtype === 'AT_DropConstraint') return behavior === 'DROP_CASCADE' ? 'destructive' : 'major'
  return ADDING_PARTS.has(subtype ?? '') ? 'additive' : 'major'
}

/** The type before is not in the statement: a plain change to a wide type is taken to keep what was there. */
function riskOfType(name: string, def: Node | undefined): StatementRisk {
  const column = def && 'ColumnDef' in def ? def.ColumnDef : undefined
  const last = column?.typeName?.names?.at(-1)
  const type = last && 'String' in last ? (last.String.sval ?? '') : ''
  const bounded = (column?.typeName?.typmods ?? []).length > 0
  return column && castsOnly(name, column) && !bounded && WIDE.has(type) ? 'major' : 'destructive'
}

/** True when a change of type casts the column to its new type, and does no more to it: without USING, or with that alone. */
export function castsOnly(column: string, { typeName, raw_default: using }: ColumnDef): boolean {
  if (using === undefined) return true
  const { arg, typeName: to } = 'TypeCast' in using ? using.TypeCast : { arg: using, typeName }
  return arg !== undefined && isColumn(arg, column) && typeText(to) === typeText(typeName)
}

function isColumn(node: Node, name: string): boolean {
  const last = 'ColumnRef' in node ? node.ColumnRef.fields?.at(-1) : undefined
  return last !== undefined && 'String' in last && last.String.sval === name
}

/** A type as the grammar has it, without its place in the text. */
function typeText(type: TypeName | undefined): string {
  return JSON.stringify(type, (key, value: unknown) => (key === 'location' ? undefined : value)) ?? ''
}

function riskOfDrop(node: Node): StatementRisk {
  const drop = 'DropStmt' in node ? node.DropStmt : undefined
  const cascades = drop?.behavior === 'DROP_CASCADE'
  return !cascades && WITHOUT_ROWS.has(drop?.removeType ?? '') ? 'major' : 'destructive'
}

/** With ANALYZE it runs what it explains. */
function riskOfExplain({ query, options = [] }: ExplainStmt): StatementRisk {
  const runs = options.some((option) => 'DefElem' in option && option.DefElem.defname === 'analyze')
  return runs && query !== undefined ? riskOfOwn(Object.keys(query)[0] ?? '', query) : 'additive'
}

function riskOfOwn(kind: string, node: Node): StatementRisk {
  if (ENDING.has(kind)) return 'destructive'
  if ('ExplainStmt' in node) return riskOfExplain(node.ExplainStmt)
  if (ADDING.has(kind) || settingOf(node) !== null) return 'additive'
  if ('DropStmt' in node) return riskOfDrop(node)
  if ('UpdateStmt' in node) return node.UpdateStmt.whereClause ? 'major' : 'destructive'
  if ('InsertStmt' in node)
    return node.InsertStmt.onConflictClause?.action === 'ONCONFLICT_UPDATE' ? 'major' : 'additive'
  if ('ViewStmt' in node) return node.ViewStmt.replace ? 'major' : 'additive'
  if ('CreateFunctionStmt' in node) return node.CreateFunctionStmt.replace ? 'major' : 'additive'
  if ('AlterEnumStmt' in node) return node.AlterEnumStmt.oldVal ? 'major' : 'additive'
  if ('AlterTableStmt' in node) {
    const parts = (node.AlterTableStmt.cmds ?? []).map((cmd) =>
      'AlterTableCmd' in cmd ? cmd.AlterTableCmd : {},
    )
    return worstRisk(parts.map(riskOfPart))
  }
  return 'major'
}

/** Statements that may stand inside another one. */
const WRITING = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/** Writing statements inside another one: in WITH, in MERGE. */
function risksWithin(value: unknown): StatementRisk[] {
  if (Array.isArray(value)) return value.flatMap(risksWithin)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]): StatementRisk[] => {
    if (key === 'MergeWhenClause' && (inner as { commandType?: string }).commandType === 'CMD_DELETE')
      return ['destructive']
    const own = WRITING.has(key) ? [riskOfOwn(key, { [key]: inner } as unknown as Node)] : []
    return [...own, ...risksWithin(inner)]
  })
}

/** What a statement may do to what is there, read from its grammar alone: what cannot be read is at least `major`. */
export function classifyStatement({ kind, node }: { kind: string; node: Node }): StatementRisk {
  const own = riskOfOwn(kind, node)
  if (own === 'destructive') return own
  return worstRisk([own, ...risksWithin(Object.values(node))])
}
