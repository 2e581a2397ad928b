import { type Finding, onOneSession, type Queryable } from '@esa/database-catalog/sql'
import { buildExtensions, BUILDING, buildSchema, notBuilt } from './schema/build-schema.ts'
import { type CopiedRows, copyRows, type RowCopy } from './rows/copy-rows.ts'
import { createAlike } from './schema/database-locale.ts'
import { applySettings } from './schema/database-settings.ts'
import { readSchema } from './schema/read-schema.ts'
import { using } from './ground/ground.ts'
import type { Sandbox } from './ground/sandbox.ts'
import { makeInvalid } from './schema/invalid-indexes.ts'
import { inTargetSnapshot } from './schema/target-snapshot.ts'

/** Where a schema is read, and which part of it. */
interface CatalogSource {
  from: Queryable
  schemas?: string[]
}

/** Makes the sandbox as the source's catalogs describe it, with rows on request. @throws EsaError `rehearsal.*`, `database.*`. */
export async function buildFromCatalogs(
  sandbox: Sandbox,
  { from, schemas }: CatalogSource,
  rows: RowCopy | undefined,
): Promise<CopiedRows> {
  return inTargetSnapshot(from, async (snapshot) => {
    const schema = await readSchema(snapshot, schemas ?? null)
    const locale = await createAlike(sandbox, schema.locale, schema.extensions)
    const refused = await applySettings(sandbox.admin, sandbox.name, schema.settings)
    await sandbox.admit(schema.roles)
    return sandbox.inside((pool) =>
      onOneSession(pool, async (session) => {
        const extensions = await buildExtensions(session, schema.extensions, sandbox.furnished.extensions)
        await session.query(BUILDING)
        const early = await buildSchema(session, schema.before)
        // VACUUM marks as visible to all only what it knows to be on the disk.
        if (rows !== undefined) await session.query('set synchronous_commit = on')
        const none: CopiedRows = { tables: [], missing: [] }
        const copied =
          rows === undefined ? none : await copyRows(snapshot.session, session, schemas ?? null, rows)
        const later = await buildSchema(session, [...early, ...schema.after])
        const valid = await using(sandbox.open(2), (two) => makeInvalid(two, schema.invalid))
        // Comments on them, among others.
        const failed = [...(await buildSchema(session, later)), ...valid]
        // Plans on the rehearsal need statistics, and index-only scans the visibility map.
        if (rows !== undefined) await session.query('vacuum (analyze)')
        const differ = [...(await differences(session, schema.version, refused)), ...locale]
        const missing = [...differ, ...extensions, ...schema.missing, ...notBuilt(failed), ...copied.missing]
        return { tables: copied.tables, missing }
      }),
    )
  })
}

/** What differs between the servers themselves. */
async function differences(session: Queryable, version: number, refused: string[]): Promise<Finding[]> {
  const { rows } = await session.query(`select current_setting('server_version_num')::int / 10000 as version`)
  const here = Number(rows[0]?.['version'])
  const findings: Finding[] = []
  if (here !== version)
    findings.push({
      kind: 'version-differs',
      severity: 'info',
      message: `verdicts are those of PostgreSQL ${here}; the target runs ${version}`,
      evidence: { rehearsal: here, target: version },
      fix: `rehearse on a server of version ${version}: ESA_REHEARSAL_URL=postgres://...`,
    })
  if (refused.length > 0)
    findings.push({
      kind: 'settings-differ',
      severity: 'info',
      message: `the rehearsal server does not take these settings of the target: ${refused.join(', ')}`,
      evidence: { settings: refused },
    })
  return findings
}
