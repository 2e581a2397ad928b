/**
 * SQL, true for a schema `n` (pg_namespace) that is the application's: neither the system's nor what ESA keeps in a target
 * (its freeze flag, the record of migrations, values of before).
 */
export const OF_THE_APPLICATION = `n.nspname !~ '^(pg_|esa_(control|migrations|before)$)' and n.nspname <> 'information_schema'`
