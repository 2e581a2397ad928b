import type { Finding } from '../finding.ts'
import { onOneSession, type Queryable } from '../queryable.ts'
import { buildExtensions, BUILDING, buildSchema, notBuilt } from './build-schema.ts'
import { type CopiedRows, copyRows, type RowCopy } from './copy-rows.ts'
import { applySettings } from './database-settings.ts'
import { onDatabase, type RehearsalGround } from './ground.ts'
import { makeRoles } from './named-roles.ts'
import { readSchema, type SchemaLocale, type SchemaScript } from './read-schema.ts'
import { inTargetSnapshot } from './target-snapshot.ts'

/** Where a schema is read, and which part of it. */
interface CatalogSource {
  from: Queryable
  schemas?: string[]
}

/** Makes the database `name` as the source's catalogs describe it, with rows where asked. @throws EsaError `rehearsal.*`, `database.*`. */
export async function buildFromCatalogs(
  ground: RehearsalGround,
  name: string,
  { from, schemas }: CatalogSource,
  rows: RowCopy | undefined,
): Promise<CopiedRows> {
  return inTargetSnapshot(from, async (snapshot) => {
    const schema = await readSchema(snapshot, schemas ?? null)
    await createAlike(ground, name, schema.locale)
    await onDatabase(ground, name, (session) => applySettings(session, name, schema.settings))
    return onDatabase(ground, name, (pool) =>
      onOneSession(pool, async (session) => {
        if (ground.ownServer === true) await makeRoles(session, schema.roles)
        const extensions = await buildExtensions(session, schema.extensions)
        await session.query(BUILDING)
        const early = await buildSchema(session, schema.before)
        const none: CopiedRows = { tables: [], missing: [] }
        const copied =
          rows === undefined ? none : await copyRows(snapshot.session, session, schemas ?? null, rows)
        const failed = await buildSchema(session, [...early, ...schema.after])
        // Plans on the rehearsal need statistics, and index-only scans the visibility map.
        if (rows !== undefined) await session.query('vacuum (analyze)')
        const differ = await differences(session, schema)
        const missing = [...differ, ...extensions, ...schema.missing, ...notBuilt(failed), ...copied.missing]
        return { tables: copied.tables, missing }
      }),
    )
  })
}

/** A libc locale may not exist on this machine; ICU knows its language, and above all that it is not C. */
async function createAlike(
  ground: RehearsalGround,
  name: string,
  { provider, locale }: SchemaLocale,
): Promise<void> {
  if (provider === 'c' || provider === 'builtin') return ground.createDatabase(name)
  return ground.createDatabase(
    name,
    provider === 'icu' ? locale : locale.replace(/\..*$/, '').replace('_', '-'),
  )
}

/** What differs between the servers themselves. */
async function differences(session: Queryable, { version, locale }: SchemaScript): Promise<Finding[]> {
  const { rows } = await session.query(`select current_setting('server_version_num')::int / 10000 as version`)
  const here = Number(rows[0]?.['version'])
  const findings: Finding[] = []
  if (here !== version)
    findings.push({
      kind: 'version-differs',
      severity: 'info',
      message: `verdicts are those of PostgreSQL ${here}; the target runs ${version}`,
      evidence: { rehearsal: here, target: version },
      fix: `rehearse on a server of version ${version}: --rehearsal-url`,
    })
  if (locale.provider === 'libc')
    findings.push({
      kind: 'locale-differs',
      severity: 'info',
      message: `text is compared by ICU here and by ${locale.locale} of the C library there: the order of punctuation and capitals may differ`,
      evidence: { locale: locale.locale },
    })
  return findings
}
