import { quoteDotted } from '@esa/database-catalog'

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Where a transaction keeps the comments of a view that it makes again; the setting ends with the transaction. */
const setting = (nth: number): string => `esa.comments_${nth}`

/** Keeps the comments of a view and of its columns, for `restoreComments` in the same transaction. */
export function keepComments(view: string, nth: number): string {
  const oid = `${literal(quoteDotted(view))}::regclass`
  return `SELECT set_config('${setting(nth)}', coalesce((SELECT json_agg(json_build_array(a.attname, d.description)) FROM pg_catalog.pg_description d
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
    WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = ${oid}), '[]')::text, true);`
}

/** Gives a view that was made again what `keepComments` kept, as far as it still has the columns. */
export function restoreComments(view: string, nth: number): string {
  const name = quoteDotted(view)
  const inFormat = name.replaceAll("'", "''").replaceAll('%', '%%')
  return `DO $esa$ DECLARE kept json; BEGIN
  FOR kept IN SELECT json_array_elements(current_setting('${setting(nth)}')::json) LOOP
    IF kept ->> 0 IS NULL THEN
      EXECUTE format('COMMENT ON VIEW ${inFormat} IS %L', kept ->> 1);
    ELSIF EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = ${literal(name)}::regclass AND attname = kept ->> 0 AND NOT attisdropped) THEN
      EXECUTE format('COMMENT ON COLUMN ${inFormat}.%I IS %L', kept ->> 0, kept ->> 1);
    END IF;
  END LOOP;
END $esa$;`
}
