import type { AlterTableType } from '@pgsql/types'
import { hasOption, blocksWrites } from '@esa/database-catalog/sql'
import { isMeasured, lockOn } from '../facts.ts'
import { namedRelations } from '../step-through.ts'
import {
  blocksWritesTo,
  liveAmong,
  liveCommands,
  liveName,
  rewrote,
  type Rule,
  type RuleInput,
  scansTable,
} from './rule.ts'

/** Modes of LOCK TABLE as the parser numbers them, from the first that keeps writes waiting. */
const SHARE_MODE = 5

/** A rule about one ALTER TABLE command that writes a table again. */
function rewriting(rule: Omit<Rule, 'severity' | 'grows' | 'check'>, ...commands: AlterTableType[]): Rule {
  return {
    ...rule,
    severity: 'error',
    grows: true,
    check: (input) =>
      liveCommands(input, ...commands)
        .filter(({ table }) => rewrote(input, table))
        .map(({ table }) => ({
          message: `reads and writes of ${table} wait until every row is written again`,
          relation: table,
        })),
  }
}

const setLogged = rewriting(
  {
    id: 'set-logged-rewrites',
    danger:
      'SET LOGGED and SET UNLOGGED write the whole table and its indexes again, while reads and writes wait. An unlogged table is empty after a crash.',
    safeWay: 'A new table of the other kind that the rows are moved to in batches.',
  },
  'AT_SetLogged',
  'AT_SetUnLogged',
)

const setTablespace = rewriting(
  {
    id: 'set-tablespace-rewrites',
    danger: 'SET TABLESPACE copies the whole table, while reads and writes wait.',
    safeWay:
      'pg_repack with a tablespace, or move the rows to a new table in batches; indexes move with REINDEX (TABLESPACE ...) CONCURRENTLY.',
  },
  'AT_SetTableSpace',
)

const setAccessMethod = rewriting(
  {
    id: 'set-access-method-rewrites',
    danger: 'SET ACCESS METHOD writes the whole table again, while reads and writes wait.',
    safeWay: 'A new table with the other method that the rows are moved to in batches.',
  },
  'AT_SetAccessMethod',
)

const cluster: Rule = {
  id: 'cluster-rewrites',
  severity: 'error',
  danger:
    'CLUSTER writes the whole table again in the order of an index, while reads and writes wait; the order fades with the next updates.',
  safeWay: 'pg_repack, or an index with INCLUDE that makes the order needless.',
  grows: true,
  check: (input) => {
    const { node } = input.facts.statement
    if (!('ClusterStmt' in node)) return []
    const { relation } = node.ClusterStmt
    const table = relation === undefined ? 'every clustered table' : liveName(input, relation)
    return table === null
      ? []
      : [{ message: `reads and writes of ${table} wait until every row is written again`, relation: table }]
  },
}

const vacuumFull: Rule = {
  id: 'vacuum-full-rewrites',
  severity: 'error',
  danger: 'VACUUM FULL writes the whole table again, while reads and writes wait.',
  safeWay: 'VACUUM without FULL makes the room usable again; pg_repack gives it back without the lock.',
  grows: true,
  check: (input) => {
    const { node } = input.facts.statement
    if (!('VacuumStmt' in node) || !hasOption(node.VacuumStmt.options, 'full')) return []
    const { rels = [] } = node.VacuumStmt
    if (rels.length === 0)
      return [{ message: 'reads and writes of every table wait, one table after another' }]
    return rels.flatMap((rel) => {
      const table = 'VacuumRelation' in rel ? liveName(input, rel.VacuumRelation.relation) : null
      return table === null
        ? []
        : [{ message: `reads and writes of ${table} wait until every row is written again`, relation: table }]
    })
  },
}

const refreshBlocks: Rule = {
  id: 'refresh-not-concurrently',
  severity: 'error',
  danger: 'REFRESH MATERIALIZED VIEW keeps its readers waiting for as long as its query runs.',
  safeWay: 'REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on the view.',
  grows: true,
  check: (input) => {
    const { node, text } = input.facts.statement
    if (!('RefreshMatViewStmt' in node) || node.RefreshMatViewStmt.concurrent === true) return []
    const view = liveName(input, node.RefreshMatViewStmt.relation)
    if (view === null) return []
    const fix = text.replace(/^(refresh\s+materialized\s+view)\b/i, '$1 concurrently')
    return [{ message: `reads of ${view} wait until its query has run`, relation: view, fix: `${fix};` }]
  },
}

const attachScans: Rule = {
  id: 'attach-partition-scans',
  severity: 'error',
  danger:
    'ATTACH PARTITION reads every row of the new partition, and of the default one, to see that it fits, while writes to them wait.',
  safeWay:
    'Add a CHECK like the partition’s bounds as NOT VALID and VALIDATE it first: ATTACH then finds the proof. The default partition needs a CHECK that rules the new bounds out.',
  grows: true,
  check: (input) => {
    if (liveCommands(input, 'AT_AttachPartition').length === 0) return []
    const { facts } = input
    const names = isMeasured(facts)
      ? liveAmong(input, facts.scans)
      : [...namedRelations(facts.statement.node)].slice(1).flatMap((name) => liveName(input, name) ?? [])
    return names.map((table) => ({
      message: `${table} is locked until every row is checked`,
      relation: table,
    }))
  },
}

const partitionOfLocks: Rule = {
  id: 'partition-of-locks-parent',
  severity: 'info',
  danger:
    'CREATE TABLE ... PARTITION OF takes the strongest lock on the partitioned table: it waits for every running query, and later queries wait behind it.',
  safeWay:
    'CREATE TABLE ... (LIKE parent INCLUDING ALL), then ATTACH PARTITION, which lets reads and writes go on.',
  check: (input) => {
    const { node } = input.facts.statement
    if (!('CreateStmt' in node) || node.CreateStmt.partbound === undefined) return []
    return (node.CreateStmt.inhRelations ?? []).flatMap((one) => {
      const parent = 'RangeVar' in one ? liveName(input, one.RangeVar) : null
      return parent === null
        ? []
        : [{ message: `reads and writes of ${parent} wait while the partition is made` }]
    })
  },
}

const detachBlocks: Rule = {
  id: 'detach-not-concurrently',
  severity: 'warning',
  danger:
    'DETACH PARTITION takes the strongest lock on the whole partitioned table: it waits for every running query, and later queries wait behind it.',
  safeWay:
    'DETACH PARTITION ... CONCURRENTLY, outside a transaction (PostgreSQL 14; not with a default partition).',
  check: (input) =>
    liveCommands(input, 'AT_DetachPartition')
      .filter(
        ({ command: { def } }) =>
          def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent !== true,
      )
      .map(({ table }) => ({
        message: `reads and writes of ${table} wait while it is detached, and while that waits for running queries`,
        fix: `${input.facts.statement.text} concurrently;`,
      })),
}

const triggerLocks: Rule = {
  id: 'trigger-locks-writes',
  severity: 'info',
  danger: 'CREATE TRIGGER waits for running writes of the table, and writes that come after wait behind it.',
  safeWay: 'Set lock_timeout, and try again when it strikes.',
  check: (input) => {
    const { node } = input.facts.statement
    const table = 'CreateTrigStmt' in node ? liveName(input, node.CreateTrigStmt.relation) : null
    return table === null
      ? []
      : [{ message: `writes to ${table} wait while the trigger is made, and run it from then on` }]
  },
}

const triggerDisabled: Rule = {
  id: 'trigger-disabled',
  severity: 'warning',
  danger:
    'While triggers are off, foreign keys and whatever else they keep are not kept; rows that came in meanwhile are never checked.',
  safeWay:
    'Leave them on; or SET session_replication_role = replica in the one session that must do without.',
  check: (input) =>
    liveCommands(input, 'AT_DisableTrig', 'AT_DisableTrigAll', 'AT_DisableTrigUser').map(
      ({ table, command: { subtype, name } }) => ({
        message:
          subtype === 'AT_DisableTrigAll'
            ? `foreign keys of ${table} are not kept while its triggers are off`
            : `what ${name ?? 'the triggers'} of ${table} keep is not kept for anybody`,
      }),
    ),
}

const lockTable: Rule = {
  id: 'lock-table',
  severity: 'warning',
  danger: 'An explicit lock keeps others waiting until the transaction ends.',
  safeWay: 'A weaker mode, rows with SELECT ... FOR UPDATE, or an advisory lock.',
  check: (input) => {
    const { node } = input.facts.statement
    if (!('LockStmt' in node) || (node.LockStmt.mode ?? 0) < SHARE_MODE) return []
    return (node.LockStmt.relations ?? []).flatMap((one) => {
      const table = 'RangeVar' in one ? liveName(input, one.RangeVar) : null
      return table === null ? [] : [{ message: `others wait for ${table} until the transaction ends` }]
    })
  },
}

const replicaIdentityFull: Rule = {
  id: 'replica-identity-full',
  severity: 'warning',
  danger:
    'Every UPDATE and DELETE writes the whole old row to the log, and subscribers look for it without an index.',
  safeWay: 'REPLICA IDENTITY DEFAULT with a primary key, or USING INDEX of a unique one without NULL.',
  check: (input) =>
    liveCommands(input, 'AT_ReplicaIdentity')
      .filter(
        ({ command: { def } }) =>
          def !== undefined && 'ReplicaIdentityStmt' in def && def.ReplicaIdentityStmt.identity_type === 'f',
      )
      .map(({ table }) => ({ message: `updates and deletes of ${table} log whole rows from then on` })),
}

const rowSecurity: Rule = {
  id: 'row-security-changes',
  severity: 'warning',
  danger:
    'Row level security without a policy shows rows to the owner only; without it, every role with SELECT sees all of them.',
  safeWay: 'Create the policies first, then ENABLE, in one transaction.',
  check: (input) => {
    const policied = (): boolean =>
      input.script.facts.slice(0, input.at).some(({ statement: { kind } }) => kind === 'CreatePolicyStmt')
    return liveCommands(
      input,
      'AT_EnableRowSecurity',
      'AT_DisableRowSecurity',
      'AT_ForceRowSecurity',
      'AT_NoForceRowSecurity',
    )
      .filter(({ command: { subtype } }) => !(subtype === 'AT_EnableRowSecurity' && policied()))
      .map(({ table, command: { subtype } }) => ({
        message: /No|Disable/.test(subtype ?? '')
          ? `rows of ${table} that policies hid are seen from then on`
          : `roles see only those rows of ${table} that a policy shows them`,
      }))
  },
}

const inheritanceChanges: Rule = {
  id: 'inheritance-changes',
  severity: 'warning',
  danger: 'Queries on the parent find other rows than before, at once and for all users.',
  safeWay: 'Declarative partitioning, whose parts come and go with ATTACH and DETACH CONCURRENTLY.',
  check: (input) =>
    liveCommands(input, 'AT_AddInherit', 'AT_DropInherit').map(({ table }) => ({
      message: `queries on the parent of ${table} find other rows from then on`,
    })),
}

const unloggedTable: Rule = {
  id: 'unlogged-table',
  severity: 'warning',
  danger: 'An unlogged table is empty after a crash, and is not on any standby.',
  safeWay: 'A logged table, unless its rows can be made again.',
  check: ({ facts: { statement } }) => {
    const relation = 'CreateStmt' in statement.node ? statement.node.CreateStmt.relation : undefined
    return relation?.relpersistence === 'u' ? [{ message: `${relation.relname} is empty after a crash` }] : []
  },
}

/** What no other rule explains, as DO blocks, functions and rare commands do it. */
const tableRewrite: Rule = {
  id: 'table-rewrite',
  severity: 'error',
  danger: 'The statement wrote a whole table again, while reads and writes wait.',
  safeWay: 'Move the rows in batches to a new column or a new table.',
  grows: true,
  check: (input) =>
    tablesAmong(input, input.facts.rewrites).map((table) => ({
      message: `reads and writes of ${table} wait until every row is written again`,
      relation: table,
    })),
}

const blockingScan: Rule = {
  id: 'blocking-scan',
  severity: 'error',
  danger: 'The statement read a whole table while it kept writes to it waiting.',
  safeWay:
    'The form of the command that does the work without the lock: NOT VALID and VALIDATE, CONCURRENTLY.',
  grows: true,
  check: (input) =>
    tablesAmong(input, input.facts.scans)
      .filter((table) => blocksWritesTo(input.facts, table) && !input.facts.rewrites.includes(table))
      // Only its own refresh writes to a materialized view.
      .filter((table) => input.facts.before.byName.get(table)?.kind !== 'm')
      .map((table) => ({
        message: `${table} is read from end to end under ${lockOn(input.facts, table)}`,
        relation: table,
      })),
}

/** Live tables among names that facts speak of: an index is not a table of its own. */
function tablesAmong(input: RuleInput, names: readonly string[]): string[] {
  return liveAmong(input, names).filter((name) => /[rpm]/.test(input.facts.before.byName.get(name)!.kind))
}

const foreignScan: Rule = {
  id: 'scan-holds-lock',
  severity: 'warning',
  danger: 'The statement read one table from end to end while it kept writes to another waiting.',
  safeWay: 'Two statements in two transactions: first the one that reads.',
  grows: true,
  check: (input) => {
    const { facts } = input
    const blocked = facts.locks.filter(({ mode }) => blocksWrites(mode)).map(({ relation }) => relation)
    return tablesAmong(input, blocked)
      .filter((table) => !scansTable(input, table) && facts.rewrites.length === 0)
      .flatMap((table) =>
        tablesAmong(input, facts.scans)
          .filter((scan) => scan !== table && !blocked.includes(scan))
          .map((scan) => ({
            message: `${table} is kept locked while ${scan} is read from end to end`,
            relation: scan,
          })),
      )
  },
}

/** Rules about tables. */
export const TABLE_RULES: readonly Rule[] = [
  setLogged,
  setTablespace,
  setAccessMethod,
  cluster,
  vacuumFull,
  refreshBlocks,
  attachScans,
  partitionOfLocks,
  detachBlocks,
  triggerLocks,
  triggerDisabled,
  lockTable,
  replicaIdentityFull,
  rowSecurity,
  inheritanceChanges,
  unloggedTable,
]

/** Rules for what was measured and no other rule explains. */
export const FALLBACK_RULES: readonly Rule[] = [tableRewrite, blockingScan, foreignScan]
