import { quoteIdentifier, type Queryable } from '@esa/database-catalog/sql'

/** A rehearsal without an original keeps the time of nowhere. */
export const UTC: ReadonlyMap<string, string> = new Map([['TimeZone', 'UTC']])

/** Each statement of a rehearsal is lost with it anyway: its commits need not wait for the disk. */
const OWN: ReadonlyMap<string, string> = new Map([['synchronous_commit', 'off']])

/**
 * Gives a database settings that hold for every session to come, by a session on another one; a setting that this server does
 * not know, or does not allow, is left out.
 */
export async function applySettings(
  session: Queryable,
  database: string,
  settings: ReadonlyMap<string, string>,
): Promise<string[]> {
  const refused: string[] = []
  for (const [name, value] of [...OWN, ...settings]) {
    try {
      // A list like search_path keeps its own quotes this way, and nothing of it is read as SQL.
      await session.query('select set_config($1, $2, false)', [name, value])
      await session.query(
        `alter database ${quoteIdentifier(database)} set ${quoteIdentifier(name)} from current`,
      )
    } catch {
      refused.push(name)
    }
  }
  await session.query('reset all')
  return refused
}
