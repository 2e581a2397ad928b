/**
 * Functions of PostgreSQL itself whose declared volatility says the wrong thing, read one by one in its source. What is
 * not volatile is otherwise taken to compute, what is volatile to act.
 */

/** Called volatile for what they return; they change nothing. */
export const HARMLESS_VOLATILE = new Set(
  `array_sample array_shuffle bernoulli clock_timestamp current_query gen_random_uuid pg_blocking_pids
  pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn pg_database_size pg_indexes_size
  pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available pg_last_wal_receive_lsn pg_last_wal_replay_lsn
  pg_last_xact_replay_timestamp pg_lock_status pg_notification_queue_usage pg_partition_ancestors pg_partition_tree
  pg_relation_size pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_stat_get_backend_io pg_stat_get_io
  pg_stat_get_xact_tuples_returned pg_table_size pg_tablespace_size pg_total_relation_size random random_normal system
  timeofday uuidv4 uuidv7`.split(/\s+/),
)

/** Take a transaction id, read what a string names, or call operator classes or keys of a table in no tree. */
export const HARMFUL_STABLE = new Set([
  'pg_get_partition_constraintdef',
  'pg_current_xact_id',
  'txid_current',
  'pg_input_is_valid',
  'pg_input_error_info',
  'satisfies_hash_partition',
])

/** Run a view, a foreign table or a query that the statement names in a string. */
export const TO_XML = /_to_xml(?:schema|_and_xmlschema)?$/
