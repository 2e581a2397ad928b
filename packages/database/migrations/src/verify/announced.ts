import type { AlterTableCmd, Node, RangeVar } from '@pgsql/types'
import { parseScript } from '@esa/database-catalog/sql'
import type { Counted, Effect, Look, Measured } from '../plan/steps/effects.ts'

/** What a statement says itself that it does: to a relation, to a column of it (null: to any), or to all of a schema. */
export interface Said {
  what: Effect['what'][]
  schema: string | undefined
  name: string | null
  column: string | null
  /** It rewrites what there is, or drops what numbers rows that are to come: no row and no value goes. */
  keeps?: true
}

const REPLACING = new Set([
  'AT_AddColumn',
  'AT_AlterColumnType',
  'AT_SetLogged',
  'AT_SetUnLogged',
  'AT_SetAccessMethod',
  'AT_SetTableSpace',
  'AT_SetExpression',
  'AT_DropExpression',
])

/** What the grammar of a step announces. */
export async function announcedBy(sql: string): Promise<Said[]> {
  const said: Said[] = []
  for (const { node } of await parseScript(sql)) visit(node, said)
  return said
}

/** Tables that a migration makes itself: whatever happens to their rows, nothing that was there before is lost. */
export async function madeByItself(scripts: string[]): Promise<Said[]> {
  const statements = await parseScript(scripts.join('\n;\n'))
  return statements.flatMap(({ node }) =>
    'CreateStmt' in node && node.CreateStmt.if_not_exists !== true
      ? [of(node.CreateStmt.relation, ['deleted', 'overwritten', 'replaced'])]
      : [],
  )
}

function visit(value: unknown, said: Said[]): void {
  if (Array.isArray(value)) for (const one of value) visit(one, said)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  said.push(...saidBy(value as Node))
  for (const inner of Object.values(value)) visit(inner, said)
}

function of(relation: RangeVar | undefined, what: Said['what'], column: string | null = null): Said {
  return { what, schema: relation?.schemaname, name: relation?.relname ?? '', column }
}

function saidBy(node: Node): Said[] {
  if ('UpdateStmt' in node) return [of(node.UpdateStmt.relation, ['overwritten'])]
  if ('DeleteStmt' in node) return [of(node.DeleteStmt.relation, ['deleted'])]
  if ('InsertStmt' in node)
    return node.InsertStmt.onConflictClause === undefined
      ? []
      : [of(node.InsertStmt.relation, ['overwritten'])]
  if ('MergeStmt' in node) return [of(node.MergeStmt.relation, ['overwritten', 'deleted'])]
  if ('ClusterStmt' in node) return [{ ...of(node.ClusterStmt.relation, ['replaced']), keeps: true }]
  if ('AlterSeqStmt' in node) return [of(node.AlterSeqStmt.sequence, ['set-back', 'type-changed'])]
  if ('TruncateStmt' in node) {
    const { relations = [], restart_seqs: restarts } = node.TruncateStmt
    const what: Said['what'] = ['deleted', 'replaced', ...(restarts === true ? ['set-back' as const] : [])]
    return relations.flatMap((one) => ('RangeVar' in one ? [of(one.RangeVar, what)] : []))
  }
  if ('AlterTableStmt' in node) {
    const { relation, cmds = [] } = node.AlterTableStmt
    return cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? saidByPart(relation, cmd.AlterTableCmd) : []))
  }
  return 'DropStmt' in node ? saidByDrop(node.DropStmt) : []
}

function saidByPart(
  relation: RangeVar | undefined,
  { subtype = 'AT_AddColumn', name = '' }: AlterTableCmd,
): Said[] {
  if (subtype === 'AT_DropColumn')
    return [of(relation, ['column-dropped'], name), of(relation, ['dropped'], name)]
  if (subtype === 'AT_SetIdentity') return [of(relation, ['set-back'])]
  if (subtype === 'AT_DropIdentity') return [{ ...of(relation, ['dropped'], name), keeps: true }]
  const changed = subtype === 'AT_AlterColumnType' ? [of(relation, ['type-changed'], name)] : []
  return REPLACING.has(subtype) ? [{ ...of(relation, ['replaced']), keeps: true }, ...changed] : []
}

function saidByDrop({ objects = [], removeType }: { objects?: Node[]; removeType?: string }): Said[] {
  return objects.flatMap((object): Said[] => {
    if (removeType === 'OBJECT_SCHEMA' && 'String' in object)
      return [{ what: ['dropped'], schema: object.String.sval, name: null, column: null }]
    if (removeType !== 'OBJECT_TABLE' && removeType !== 'OBJECT_SEQUENCE') return []
    const parts = 'List' in object ? (object.List.items ?? []) : []
    const [name = '', schema] = parts
      .map((part) => ('String' in part ? part.String.sval : undefined))
      .toReversed()
    return [{ what: ['dropped'], schema, name, column: null }]
  })
}

/** The effects that a step does not announce. A name may be the one before the step, or the one that it gives itself. */
export function unannounced(effects: Measured[], said: Said[], before: Look, after: Look): Measured[] {
  const isSaid = (effect: Measured, at: Counted): boolean => {
    const owner = at.ownedBy === null ? [] : namesIn(at.ownedBy, before, after)
    return said.some(({ what, schema, name, column }) => {
      if (!what.includes(effect.what)) return false
      const own = namesIn(at.oid, before, after)
      // A column takes the sequence with it that is its own; a table is not dropped by a part of ALTER TABLE.
      const meant = at.kind === 'S' && owner.length > 0 ? [...own, ...owner] : own
      if (effect.what === 'dropped' && column !== null && at.kind !== 'S') return false
      if (effect.column !== null && column !== null && column !== effect.column) return false
      return meant.some(
        (one) =>
          (name === null ? one.schema === schema : one.name === name) &&
          (schema === undefined || schema === one.schema) &&
          (schema !== undefined || before.path.includes(one.schema) || after.path.includes(one.schema)),
      )
    })
  }
  return effects.filter((effect) => !effect.at.every((at) => isSaid(effect, at)))
}

function namesIn(oid: string, ...looks: Look[]): Counted['names'] {
  return looks.flatMap(({ relations }) => relations.get(oid)?.names ?? [])
}

/** Tables whose values a statement says that it overwrites or converts, by their oids; of a partitioned one its parts. */
export function overwrittenBy(said: Said[], { relations, path }: Look): string[] {
  const named = said.filter(({ what }) => what.includes('overwritten') || what.includes('type-changed'))
  const isNamed = (names: Counted['names']): boolean =>
    named.some(({ schema, name }) =>
      names.some(
        (one) =>
          one.name === name && (schema === undefined ? path.includes(one.schema) : schema === one.schema),
      ),
    )
  return [...relations.values()].filter(({ names }) => isNamed(names)).map(({ oid }) => oid)
}
