import { quoteDotted } from '@esa/database-catalog'

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** As a string inside format(), where % is special. */
const formatted = (text: string): string => text.replaceAll("'", "''").replaceAll('%', '%%')

/** The oid of a relation whose name is quoted. */
const oidOf = (quoted: string): string => `${literal(quoted)}::regclass`
const regclass = (relation: string): string => oidOf(quoteDotted(relation))

/** The role that an entry of an access list is about, as GRANT and REVOKE write it. */
const GRANTEE = `CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END`

/** GRANTs on a quoted name each entry of an access list that `entries` gives: what aclexplode says, and `col`, a column or NULL. */
function grantAll(entries: string, on: string): string {
  return `FOR granted IN ${entries} LOOP
    EXECUTE format('GRANT %s%s ON ${formatted(on)} TO %s%s', granted.privilege_type,
      CASE WHEN granted.col IS NULL THEN '' ELSE format(' (%I)', granted.col) END, ${GRANTEE},
      CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;`
}

/** Takes back what default privileges gave on what was just made, by its quoted name: revoked rights must not come again. */
function revokeAll(on: string): string {
  return `FOR granted IN SELECT DISTINCT a.grantee FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = ${oidOf(on)} AND a.grantee <> c.relowner LOOP
    EXECUTE format('REVOKE ALL ON ${formatted(on)} FROM %s', ${GRANTEE});
  END LOOP;`
}

/**
 * Gives `to`, which is new, the rights and the owner that `from` has when this runs, those on single columns too, and no
 * others. `shown`: columns that `to` has under another name as well.
 */
export function copyRights(
  from: string,
  to: string,
  shown: readonly { column: string; as: string }[] = [],
): string {
  const names = shown.map(({ column, as }) => `(${literal(column)}, ${literal(as)})`)
  const same = ['t.attname = c.attname', ...names.map((pair) => `(c.attname, t.attname) = ${pair}`)].join(
    ' OR ',
  )
  const entries = `SELECT a.*, NULL::name AS col FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = ${regclass(from)}
    UNION ALL SELECT a.*, t.attname FROM pg_catalog.pg_attribute c JOIN pg_catalog.pg_attribute t ON (${same}), pg_catalog.aclexplode(c.attacl) a
      WHERE c.attrelid = ${regclass(from)} AND t.attrelid = ${regclass(to)} AND NOT c.attisdropped AND NOT t.attisdropped`
  return `DO $esa$ DECLARE granted record; BEGIN
  ${revokeAll(quoteDotted(to))}
  ${grantAll(entries, quoteDotted(to))}
  EXECUTE format('ALTER TABLE ${formatted(quoteDotted(to))} OWNER TO %s', (SELECT relowner::regrole FROM pg_catalog.pg_class WHERE oid = ${regclass(from)}));
END $esa$;`
}

/**
 * Lets a view act with its owner's rights where a role has rights on single columns of the table: acting with the
 * user's, the server asks for rights on every column that the view names.
 */
export function actAsOwnerIfByColumn(table: string, view: string): string {
  return `DO $esa$ BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = ${regclass(table)} AND attacl IS NOT NULL) THEN
    ALTER VIEW ${quoteDotted(view)} RESET (security_invoker);
  END IF;
END $esa$;`
}

/** Gives a column the rights that another of the table has. */
export function copyColumnRights(relation: string, from: string, to: string): string {
  const entries = `SELECT a.*, ${literal(to)}::name AS col FROM pg_catalog.pg_attribute c, pg_catalog.aclexplode(c.attacl) a WHERE c.attrelid = ${regclass(relation)} AND c.attname = ${literal(from)}`
  return `DO $esa$ DECLARE granted record; BEGIN
  ${grantAll(entries, quoteDotted(relation))}
END $esa$;`
}

/** Where a transaction keeps the rights of a view that it recreates; the setting ends with the transaction. */
const setting = (nth: number): string => `esa.rights_${nth}`

/** Keeps the rights and the owner of a view, for `restoreRights` in the same transaction. */
export function keepRights(view: string, nth: number): string {
  const ofColumns = `SELECT json_object_agg(attname, attacl::text) FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL AND NOT attisdropped`
  return `SELECT set_config('${setting(nth)}', json_build_array(relowner::regrole::text, relacl::text, coalesce((${ofColumns}), '{}'))::text, true) FROM pg_catalog.pg_class c WHERE oid = ${regclass(view)};`
}

/** Gives a recreated view what `keepRights` kept, as far as it still has the columns. */
export function restoreRights(view: string, nth: number): string {
  return give(quoteDotted(view), `current_setting('${setting(nth)}')::json`)
}

/** Gives a recreated view an owner, a role as SQL, and rights, as the text of an `aclitem[]`; `view` is quoted. */
export function restoredRights(view: string, owner: string, rights: string | null): string {
  return give(view, `${literal(JSON.stringify([owner, rights, {}]))}::json`)
}

function give(view: string, kept: string): string {
  const entries = `SELECT a.*, NULL::name AS col FROM pg_catalog.aclexplode((${kept} ->> 1)::aclitem[]) a
    UNION ALL SELECT a.*, t.attname FROM json_each_text(${kept} -> 2) k JOIN pg_catalog.pg_attribute t ON t.attname = k.key, pg_catalog.aclexplode(k.value::aclitem[]) a
      WHERE t.attrelid = ${oidOf(view)} AND NOT t.attisdropped`
  return `DO $esa$ DECLARE granted record; BEGIN
  ${revokeAll(view)}
  ${grantAll(entries, view)}
  EXECUTE format('ALTER TABLE ${formatted(view)} OWNER TO %s', ${kept} ->> 0);
END $esa$;`
}
