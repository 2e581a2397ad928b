import { type Finding, OWN_MARK } from '@esa/database-catalog/sql'
import type { Check } from '../schema/look.ts'

/** Indexes larger than this are left to a quiet hour, bytes: a check reads every page. */
const BYTES_MAX = 256 * 1024 * 1024
/** Most indexes that one look checks. */
const INDEXES_MAX = 200

/** B-tree indexes that contradict their own order, by amcheck; where it is not installed, says how to. */
export const checkIndexPages: Check = async (_seen, look) => {
  let where: string | null = null
  let left = 0
  const indexes: { oid: string; name: string; relation: string }[] = []
  const failed = await look(null, async (session) => {
    const { rows } = await session.query(
      `select ${OWN_MARK} format('%I', n.nspname) as schema,
         has_function_privilege(p.oid, 'execute') as allowed from pg_extension e
       join pg_namespace n on n.oid = e.extnamespace
       join pg_proc p on p.pronamespace = n.oid and p.proname = 'bt_index_check' and p.pronargs = 1
       where e.extname = 'amcheck'`,
    )
    if (rows[0] === undefined) return [notInstalled()]
    if (rows[0]['allowed'] !== true) return [notAllowed()]
    where = rows[0]['schema'] as string
    const found = await session.query(
      `select ${OWN_MARK} c.oid::text as oid, format('%I.%I', n.nspname, c.relname) as name, pg_relation_size(c.oid)::float8 as bytes,
         rn.nspname || '.' || r.relname as relation
       from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam and a.amname = 'btree'
       join pg_namespace n on n.oid = c.relnamespace join pg_class r on r.oid = i.indrelid join pg_namespace rn on rn.oid = r.relnamespace
       where c.relkind = 'i' and c.relpersistence <> 't' and i.indisvalid and i.indisready
         and rn.nspname !~ '^pg_' and rn.nspname <> 'information_schema' order by 3`,
    )
    const small = found.rows.filter(({ bytes }) => (bytes as number) <= BYTES_MAX).slice(0, INDEXES_MAX)
    left = found.rows.length - small.length
    indexes.push(...(small as unknown as typeof indexes))
    return []
  })
  const findings: Finding[] = [...failed]
  for (const { oid, name, relation } of indexes) {
    const broken = await look(relation, async (session) => {
      try {
        await session.query(`select ${OWN_MARK} ${where}.bt_index_check($1::oid::regclass)`, [oid])
        return []
      } catch (error) {
        // XX002 index_corrupted, XX001 data_corrupted: what amcheck is for; anything else is a failure of the look.
        if (!/^XX00[12]$/.test(String((error as { code?: unknown }).code))) throw error
        return [corrupt(relation, name, (error as Error).message)]
      }
    })
    findings.push(...broken)
  }
  if (left > 0) findings.push(leftOut(left))
  return findings
}

function corrupt(relation: string, index: string, message: string): Finding {
  return {
    kind: 'corrupt-index',
    severity: 'error',
    relation,
    message: `${index} contradicts its own order: ${message}; queries by it may miss rows, and a unique one let duplicates in`,
    evidence: { index, message },
    fix: `REINDEX INDEX CONCURRENTLY ${index}; -- then look for the cause: a changed collation (pg_collation_actual_version), a disk, memory`,
  }
}

function notInstalled(): Finding {
  return {
    kind: 'not-checked',
    severity: 'info',
    message: 'indexes were not checked for corruption: the extension amcheck is not installed',
    evidence: { extension: 'amcheck' },
    fix: 'CREATE EXTENSION amcheck; -- by a superuser; then GRANT EXECUTE ON FUNCTION bt_index_check(regclass) TO the role',
  }
}

function notAllowed(): Finding {
  return {
    kind: 'no-right',
    severity: 'info',
    message: 'indexes were not checked for corruption: the role may not execute bt_index_check',
    evidence: { extension: 'amcheck' },
    fix: 'GRANT EXECUTE ON FUNCTION bt_index_check(regclass) TO the role;',
  }
}

function leftOut(indexes: number): Finding {
  return {
    kind: 'not-checked',
    severity: 'info',
    message: `${indexes} indexes were not checked for corruption: larger than ${BYTES_MAX / 1024 / 1024} MB, or more than ${INDEXES_MAX}`,
    evidence: { indexes },
    fix: 'in a quiet hour: pg_amcheck -d DATABASE, or bt_index_check on each',
  }
}
