/**
 * Pieces of SQL that the catalog queries share. Every query takes one parameter: the schemas to look at, or null for all.
 * They are read with an empty search_path, so that PostgreSQL itself writes every name in full and in quotes where needed.
 */

/** True for the rows of pg_namespace `alias` that belong to the user and were requested. */
export const inScope = (alias: string): string =>
  `(${alias}.nspname !~ '^pg_' and ${alias}.nspname <> 'information_schema' and ($1::text[] is null or ${alias}.nspname = any ($1)))`

/** True for an object that no extension brought along: that one comes with its extension. */
export const isOwn = (catalog: string, oid: string): string =>
  `not exists (select from pg_depend owned where owned.classid = '${catalog}'::regclass and owned.objid = ${oid} and owned.deptype = 'e')`

/** True when the object is part of another one, like the sequence of an identity column. */
export const isInternal = (catalog: string, oid: string): string =>
  `exists (select from pg_depend inner_of where inner_of.classid = '${catalog}'::regclass and inner_of.objid = ${oid} and inner_of.deptype = 'i')`

/** ` COLLATE x` where a collation is not the one of the type. */
export const collate = (collation: string, type: string): string =>
  `coalesce((select format(' collate %I.%I', cn.nspname, co.collname) from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
    where co.oid = ${collation} and co.oid <> (select typcollation from pg_type where oid = ${type})), '')`

/**
 * ` with (a=1, b=2)` of an array of options, with `key` before the parentheses; empty where there are none. PostgreSQL keeps
 * notes of its own among a column's options (`pg_attver`, since the minor releases of 2026): no statement can set them.
 */
export const options = (array: string, key = ' with '): string =>
  `coalesce((select '${key}(' || string_agg(format('%s=%L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') || ')'
    from unnest(${array}) o where o !~ '^pg_'), '')`
