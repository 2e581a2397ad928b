import { quoteDotted } from './names.ts'

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** As a string inside format(), where % is special. */
const formatted = (text: string): string => text.replaceAll("'", "''").replaceAll('%', '%%')

/** GRANTs each entry of an access list that `entries` gives; `on` is what stands between ON and TO, `of` a column list. */
function grantAll(entries: string, on: string, of = ''): string {
  return `FOR granted IN ${entries} LOOP
    EXECUTE format('GRANT %s${formatted(of)} ON ${formatted(on)} TO %s%s', granted.privilege_type,
      CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END,
      CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;`
}

/** Gives `to` the rights and the owner that `from` has when this runs. */
export function copyRights(from: string, to: string): string {
  const entries = `SELECT a.* FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.oid = ${literal(quoteDotted(from))}::regclass`
  return `DO $esa$ DECLARE granted record; BEGIN
  ${grantAll(entries, quoteDotted(to))}
  EXECUTE format('ALTER TABLE ${formatted(quoteDotted(to))} OWNER TO %s', (SELECT relowner::regrole FROM pg_catalog.pg_class WHERE oid = ${literal(quoteDotted(from))}::regclass));
END $esa$;`
}

/** Gives a column the rights that another of the table has. */
export function copyColumnRights(relation: string, from: string, to: string): string {
  const entries = `SELECT a.* FROM pg_catalog.pg_attribute c, pg_catalog.aclexplode(c.attacl) a WHERE c.attrelid = ${literal(quoteDotted(relation))}::regclass AND c.attname = ${literal(from)}`
  return `DO $esa$ DECLARE granted record; BEGIN
  ${grantAll(entries, quoteDotted(relation), ` ("${to.replaceAll('"', '""')}")`)}
END $esa$;`
}

/** Where a transaction keeps the rights of a view that it makes anew; the setting ends with the transaction. */
const setting = (nth: number): string => `esa.rights_${nth}`

/** Keeps the rights and the owner of a view, for `restoreRights` in the same transaction. */
export function keepRights(view: string, nth: number): string {
  return `SELECT set_config('${setting(nth)}', json_build_array(relowner::regrole::text, relacl::text)::text, true) FROM pg_catalog.pg_class WHERE oid = ${literal(quoteDotted(view))}::regclass;`
}

/** Gives a view that was made anew what `keepRights` kept. */
export function restoreRights(view: string, nth: number): string {
  return give(quoteDotted(view), `current_setting('${setting(nth)}')::json`)
}

/** Gives a view that was made anew an owner, a role as SQL, and rights, as the text of an `aclitem[]`; `view` is quoted. */
export function restoredRights(view: string, owner: string, rights: string | null): string {
  return give(view, `${literal(JSON.stringify([owner, rights]))}::json`)
}

/** What default privileges gave to others is taken back first: rights that somebody took away must not come again. */
function give(view: string, kept: string): string {
  const entries = `SELECT a.* FROM pg_catalog.aclexplode((${kept} ->> 1)::aclitem[]) a`
  return `DO $esa$ DECLARE granted record; BEGIN
  FOR granted IN SELECT DISTINCT a.grantee FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
    WHERE c.oid = ${literal(view)}::regclass AND a.grantee <> c.relowner LOOP
    EXECUTE format('REVOKE ALL ON ${formatted(view)} FROM %s', CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END);
  END LOOP;
  ${grantAll(entries, view)}
  EXECUTE format('ALTER TABLE ${formatted(view)} OWNER TO %s', ${kept} ->> 0);
END $esa$;`
}
