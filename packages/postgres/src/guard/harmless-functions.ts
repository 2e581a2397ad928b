import type { CalledName } from './read-statement.ts'

/** A function as the catalog describes it. */
export interface CatalogFunction {
  oid: number
  schema: string
  name: string
  /** Made by initdb: its name in `pg_catalog` cannot be taken by another. */
  builtIn: boolean
  extension: string | null
  language: string
  volatility: 'i' | 's' | 'v'
  securityDefiner: boolean
  /** It runs with settings of its own, so that names in it mean something else. */
  configured: boolean
  /** SQL text of a function in language SQL. */
  body: string
  /** Expressions that stand for arguments that are not given, separated by commas. */
  defaults: string | null
  /**
   * Of its arguments and of what it returns: values become these without a cast that is written. Built-in types only of
   * a function in SQL, which casts what it returns.
   */
  types: CalledName[]
  /** Functions that an aggregate calls. */
  support: number[]
  /** False for an operator that any query uses without writing it, and for what sorts: that it runs is not known. */
  written: boolean
}

/** Built-in functions that are called volatile for what they return, and change nothing. */
const HARMLESS_VOLATILE = new Set(
  `array_sample array_shuffle bernoulli clock_timestamp current_query gen_random_uuid pg_blocking_pids
  pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn pg_database_size pg_indexes_size
  pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available pg_last_wal_receive_lsn pg_last_wal_replay_lsn
  pg_last_xact_replay_timestamp pg_lock_status pg_notification_queue_usage pg_partition_ancestors pg_partition_tree
  pg_relation_size pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_stat_get_backend_io pg_stat_get_io
  pg_stat_get_xact_tuples_returned pg_table_size pg_tablespace_size pg_total_relation_size random random_normal system
  timeofday uuidv4 uuidv7`.split(/\s+/),
)

/** Built-in functions that are called stable, and still take a transaction id, or run what a string names. */
const HARMFUL_STABLE = new Set([
  'pg_current_xact_id',
  'txid_current',
  'pg_input_is_valid',
  'pg_input_error_info',
])

/** Built-in functions that run a view, a foreign table or a query that nobody followed, stable ones among them. */
const TO_XML = /_to_xml(?:schema|_and_xmlschema)?$/

/** Extensions of PostgreSQL and of its widest neighbours whose stable and immutable functions compute and do no more. */
const COMPUTING_EXTENSIONS = new Set(
  `btree_gin btree_gist citext cube earthdistance fuzzystrmatch hstore intarray isn lo ltree pg_stat_statements pg_trgm
  pgcrypto plpgsql postgis seg tsm_system_rows tsm_system_time unaccent uuid-ossp vector`.split(/\s+/),
)

/** Functions of extensions that read, although they are called volatile. */
const READING_OF_EXTENSIONS = new Set([
  'pg_stat_statements',
  'pg_stat_statements_info',
  'system_rows',
  'system_time',
])

/** `follow`: harmless when its body is. */
type Verdict = 'harmless' | 'follow' | { refusedBecause: string }

function refused(refusedBecause: string): Verdict {
  return { refusedBecause }
}

function judgeBuiltIn({ name, volatility, language }: CatalogFunction): Verdict {
  if (HARMFUL_STABLE.has(name) || TO_XML.test(name)) return refused('it does more than read')
  // What is written in SQL casts, and a cast may be somebody's own.
  if (volatility !== 'v' || HARMLESS_VOLATILE.has(name)) return language === 'sql' ? 'follow' : 'harmless'
  return refused('it acts beside its result')
}

function judgeExtension(extension: string, { name, volatility }: CatalogFunction): Verdict {
  if (!COMPUTING_EXTENSIONS.has(extension))
    return refused(`the extension ${extension} is not known to only compute`)
  if (volatility !== 'v' || READING_OF_EXTENSIONS.has(name)) return 'harmless'
  return refused(`the extension ${extension} calls it volatile`)
}

/** What is known of a function before it runs. A function that somebody calls IMMUTABLE is not one by that. */
export function judgeFunction(called: CatalogFunction): Verdict {
  if (called.builtIn) return judgeBuiltIn(called)
  if (called.extension !== null) return judgeExtension(called.extension, called)
  if (called.securityDefiner) return refused('it runs with the rights of its owner')
  // What an aggregate does is done by its support functions, which are judged themselves.
  if (called.language === 'aggregate') return 'harmless'
  if (called.language !== 'sql')
    return refused(`what a function in ${called.language} does is not known before it runs`)
  return called.configured ? refused('it runs with settings of its own') : 'follow'
}
