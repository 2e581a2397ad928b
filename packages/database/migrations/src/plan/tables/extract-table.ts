import { quoteIdentifier } from '@esa/database-catalog/sql'
import { bareName, nameWith, quoteDotted, sibling } from '@esa/database-catalog'
import { copyRows } from '../columns/backfill.ts'
import { type Ground, PLACE } from '../model/draft.ts'
import type { ResolvedHints } from '../model/hints.ts'

type Extract = ResolvedHints['extract'][number]

/** A statement with each name of a list in it, joined. */
const each = (names: readonly string[], write: (name: string) => string, glue: string): string =>
  names.map((name) => write(quoteIdentifier(name))).join(glue)

/**
 * Columns that depend on a part of the row move to a table of their own. Until the contract phase both are kept equal:
 * what is written to the wide rows reaches the new table, what is changed in the new table reaches the wide rows.
 */
export function planExtracts(ground: Ground): void {
  for (const extract of ground.hints.extract) {
    const { relation, determinant, dependents, into } = extract
    const { draft, from, to } = ground
    const wide = from.tables.find((table) => table.relation === relation)
    const key = to.tables
      .find((table) => table.relation === into)
      ?.constraints.find(({ type }) => type === 'p' || type === 'u')
    if (!wide || !key || [...key.columns].sort().join() !== [...determinant].sort().join()) {
      draft.leave(
        `split of ${relation}`,
        `the new schema needs a table ${into} with the key ${determinant.join(', ')}`,
      )
      continue
    }
    draft.change(
      'split-table',
      relation,
      undefined,
      `${dependents.join(', ')} of ${relation} move to ${into}`,
    )
    planTriggers(ground, extract)
    const columns = each([...determinant, ...dependents], (name) => name, ', ')
    const known = each(determinant, (name) => `t.${name} IS NOT NULL`, ' AND ')
    copyRows(
      draft,
      wide,
      `the rows of ${into}, one for each ${determinant.join(', ')}`,
      `INSERT INTO ${quoteDotted(into)} (${columns}) SELECT DISTINCT ON (${each(determinant, (name) => name, ', ')}) ${columns} FROM (SELECT * FROM ${quoteDotted(relation)} AS t WHERE $RANGE AND ${known} FOR SHARE) AS esa_rows ON CONFLICT DO NOTHING`,
      dependents.map((name) => `${into}.${name}`),
    )
    draft.add(
      'validate',
      {
        kind: 'verify',
        about: 'joined back, every row is what it was',
        relation,
        columns: dependents,
        sql: `SELECT count(*)::float8 AS mismatches FROM ${quoteDotted(relation)} AS t LEFT JOIN ${quoteDotted(into)} AS d ON ${each(determinant, (name) => `d.${name} = t.${name}`, ' AND ')} WHERE ${known} AND (${each(determinant, (name) => `d.${name} IS NULL`, ' OR ')} OR ${each(dependents, (name) => `d.${name} IS DISTINCT FROM t.${name}`, ' OR ')})`,
      },
      PLACE.first,
    )
  }
}

function planTriggers({ draft, finalName }: Ground, extract: Extract): void {
  const { relation, into } = extract
  const names = {
    toNarrow: sibling(relation, nameWith(bareName(relation), `_esa_to_${bareName(into)}`)),
    toWide: sibling(into, nameWith(bareName(into), '_esa_back')),
  }
  const make = (wide: string): string => `${fillNarrow(extract, names.toNarrow)}
CREATE TRIGGER zzz_esa_extract BEFORE INSERT OR UPDATE ON ${quoteDotted(wide)} FOR EACH ROW EXECUTE FUNCTION ${quoteDotted(names.toNarrow)}();
${fillWide({ ...extract, relation: wide }, names.toWide)}
CREATE TRIGGER zzz_esa_extract AFTER UPDATE ON ${quoteDotted(into)} FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ${quoteDotted(names.toWide)}();`
  const drop = (wide: string): string => `DROP TRIGGER zzz_esa_extract ON ${quoteDotted(wide)};
DROP TRIGGER zzz_esa_extract ON ${quoteDotted(into)};
DROP FUNCTION ${quoteDotted(names.toNarrow)}();
DROP FUNCTION ${quoteDotted(names.toWide)}();`
  draft.statement(
    'expand',
    { about: 'keeps both tables equal, whichever is written', sql: make(relation), rollback: drop(relation) },
    PLACE.late,
  )
  const last = finalName(relation)
  draft.statement(
    'contract',
    { about: `nothing writes the old columns of ${last} any more`, sql: drop(last), rollback: make(last) },
    PLACE.early,
  )
}

/** As the owner: who may write the wide table need not know of the other. Only what differs is written, so nothing goes round. */
function fillNarrow({ determinant, dependents, into }: Extract, name: string): string {
  const row = each([...determinant, ...dependents], (column) => `NEW.${column}`, ', ')
  const same = each(determinant, (column) => `d.${column} = NEW.${column}`, ' AND ')
  return `CREATE FUNCTION ${quoteDotted(name)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $esa$
DECLARE known ${quoteDotted(into)}%ROWTYPE;
BEGIN
  IF ${each(determinant, (column) => `NEW.${column} IS NULL`, ' OR ')} THEN
    RETURN NEW;
  END IF;
  SELECT d.* INTO known FROM ${quoteDotted(into)} AS d WHERE ${same};
  IF FOUND AND (${each(dependents, (column) => `NEW.${column} IS NOT DISTINCT FROM known.${column}`, ' AND ')}) THEN
    RETURN NEW;
  END IF;
  IF FOUND AND (CASE TG_OP WHEN 'INSERT' THEN ${each(dependents, (column) => `NEW.${column} IS NULL`, ' AND ')} ELSE ${each(dependents, (column) => `NEW.${column} IS NOT DISTINCT FROM OLD.${column}`, ' AND ')} END) THEN
${each(dependents, (column) => `    NEW.${column} := known.${column};`, '\n')}
    RETURN NEW;
  END IF;
  INSERT INTO ${quoteDotted(into)} AS d (${each([...determinant, ...dependents], (column) => column, ', ')}) VALUES (${row})
    ON CONFLICT (${each(determinant, (column) => column, ', ')}) DO UPDATE SET ${each(dependents, (column) => `${column} = excluded.${column}`, ', ')};
  RETURN NEW;
END $esa$;`
}

function fillWide({ relation, determinant, dependents }: Extract, name: string): string {
  return `CREATE FUNCTION ${quoteDotted(name)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $esa$
BEGIN
  UPDATE ${quoteDotted(relation)} AS t SET ${each(dependents, (column) => `${column} = NEW.${column}`, ', ')}
    WHERE ${each(determinant, (column) => `t.${column} = NEW.${column}`, ' AND ')} AND (${each(dependents, (column) => `t.${column} IS DISTINCT FROM NEW.${column}`, ' OR ')});
  RETURN NULL;
END $esa$;`
}
