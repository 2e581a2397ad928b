import type { AlterTableCmd, Node } from '@pgsql/types'

/**
 * What a statement may do to what is there: `additive` takes nothing away and changes no value, `major` changes the
 * shape or the behaviour of what exists (or cannot be read from the statement), `destructive` can lose rows or values.
 */
export type StatementRisk = 'additive' | 'major' | 'destructive'

const ORDER: StatementRisk[] = ['additive', 'major', 'destructive']

/** Statements that only add, whatever they say. */
const ADDING = new Set(
  (
    'CreateStmt CreateSchemaStmt CreateSeqStmt CreateEnumStmt CompositeTypeStmt CreateDomainStmt CreateExtensionStmt ' +
    'CreateRangeStmt IndexStmt CommentStmt CreateStatsStmt VacuumStmt CreateTableAsStmt ReindexStmt CheckPointStmt ' +
    'VariableSetStmt VariableShowStmt TransactionStmt AlterStatsStmt DefineStmt ExplainStmt'
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

function riskOfPart({ subtype, def, behavior }: AlterTableCmd): StatementRisk {
  if (subtype === 'AT_DropColumn') return 'destructive'
  if (subtype === 'AT_AlterColumnType') return riskOfType(def)
  if (subtype === 'AT_DropConstraint') return behavior === 'DROP_CASCADE' ? 'destructive' : 'major'
  return ADDING_PARTS.has(subtype ?? '') ? 'additive' : 'major'
}

/** The type before is not in the statement: a plain change to a wide type is taken to keep what was there. */
function riskOfType(def: Node | undefined): StatementRisk {
  const column = def && 'ColumnDef' in def ? def.ColumnDef : undefined
  const last = column?.typeName?.names?.at(-1)
  const name = last && 'String' in last ? (last.String.sval ?? '') : ''
  const bounded = (column?.typeName?.typmods ?? []).length > 0
  return isPlain(column?.raw_default) && !bounded && WIDE.has(name) ? 'major' : 'destructive'
}

/** True without USING, or with one that only casts the column. */
function isPlain(using: Node | undefined): boolean {
  if (using === undefined) return true
  const inner = 'TypeCast' in using ? using.TypeCast.arg : using
  return inner !== undefined && 'ColumnRef' in inner
}

function riskOfDrop(node: Node): StatementRisk {
  const drop = 'DropStmt' in node ? node.DropStmt : undefined
  const cascades = drop?.behavior === 'DROP_CASCADE'
  return !cascades && WITHOUT_ROWS.has(drop?.removeType ?? '') ? 'major' : 'destructive'
}

function riskOfOwn(kind: string, node: Node): StatementRisk {
  if (ENDING.has(kind)) return 'destructive'
  if (ADDING.has(kind)) return 'additive'
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

/** Writing statements inside another one: in WITH, in MERGE. */
function risksWithin(value: unknown): StatementRisk[] {
  if (Array.isArray(value)) return value.flatMap(risksWithin)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]): StatementRisk[] => {
    if (key === 'DeleteStmt') return ['destructive']
    if (key === 'MergeWhenClause' && (inner as { commandType?: string }).commandType === 'CMD_DELETE')
      return ['destructive']
    if (key === 'UpdateStmt') return ['major', ...risksWithin(inner)]
    return risksWithin(inner)
  })
}

/** What a statement may do to what is there, read from its grammar alone: what cannot be read is at least `major`. */
export function classifyStatement({ kind, node }: { kind: string; node: Node }): StatementRisk {
  const own = riskOfOwn(kind, node)
  if (own === 'destructive') return own
  return worstRisk([own, ...risksWithin(Object.values(node))])
}
