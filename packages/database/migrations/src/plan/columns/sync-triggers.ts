import { quoteIdentifier } from '@esa/database-catalog/sql'
import { bareName, nameWith, quoteDotted, sibling } from '@esa/database-catalog'
import { type Ground, PLACE, type SyncBlock } from '../model/draft.ts'

/** Triggers fire in the order of their names: ours last, when the table's own have had their say. */
const TRIGGER = 'zzz_esa_sync'

/** Name of the function that keeps the shapes of a table's rows equal, `schema.name`. */
function syncFunction(relation: string): string {
  return sibling(relation, nameWith(bareName(relation), '_esa_sync'))
}

/** The function's definition, its body as it is before or after the switch. */
export function defineSync(relation: string, blocks: readonly SyncBlock[], when: keyof SyncBlock): string {
  const body = blocks.map((block) => block[when]).join('\n')
  return `CREATE OR REPLACE FUNCTION ${quoteDotted(syncFunction(relation))}() RETURNS trigger LANGUAGE plpgsql AS $esa$
BEGIN
${indented(body)}
  RETURN NEW;
END $esa$;`
}

/** A BEFORE ROW trigger changes the row that is being written and writes none: it cannot call itself. */
function createTrigger(relation: string, functionOf: string): string {
  return `CREATE TRIGGER ${TRIGGER} BEFORE INSERT OR UPDATE ON ${quoteDotted(relation)} FOR EACH ROW EXECUTE FUNCTION ${quoteDotted(syncFunction(functionOf))}();`
}

function dropSync(relation: string, functionOf: string): string {
  return `DROP TRIGGER ${TRIGGER} ON ${quoteDotted(relation)};\nDROP FUNCTION ${quoteDotted(syncFunction(functionOf))}();`
}

/** Adds the triggers that the recipes requested: made in expand, gone in contract. */
export function planSyncTriggers({ draft, finalName }: Ground): void {
  for (const [relation, blocks] of draft.syncs) {
    draft.statement(
      'expand',
      {
        about: `keeps both shapes of each row of ${relation} equal, for every writer`,
        sql: `${defineSync(relation, blocks, 'before')}\n${createTrigger(relation, relation)}`,
        rollback: dropSync(relation, relation),
      },
      PLACE.late,
    )
    const last = finalName(relation)
    draft.statement(
      'contract',
      {
        about: `nothing writes the old shape of ${last} any more`,
        sql: dropSync(last, relation),
        rollback: `${defineSync(relation, blocks, 'after')}\n${createTrigger(last, relation)}`,
      },
      PLACE.early,
    )
  }
}

/**
 * Keeps two shapes of a row equal in both directions: where they disagree, the one that was written wins, the new one
 * when both were. `forward` and `back` assign one from the other, `agrees` compares the new shape with what the old gives.
 */
export function bothWays(both: {
  old: string[]
  fresh: string[]
  agrees: string
  forward: string
  back: string
}): SyncBlock {
  const changed = (names: string[]): string =>
    names
      .map(quoteIdentifier)
      .map((name) => `NEW.${name} IS DISTINCT FROM OLD.${name}`)
      .join(' OR ')
  const given = both.fresh.map((name) => `NEW.${quoteIdentifier(name)} IS NOT NULL`).join(' OR ')
  const block = `IF ${both.agrees} THEN
  NULL;
ELSIF TG_OP = 'INSERT' AND (${given}) THEN
${indented(both.back)}
ELSIF TG_OP = 'INSERT' THEN
${indented(both.forward)}
ELSIF ${changed(both.fresh)} THEN
${indented(both.back)}
ELSIF ${changed(both.old)} THEN
${indented(both.forward)}
END IF;`
  return { before: block, after: block }
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
