import pg from 'pg'
import type { EsaHome } from './run-esa.ts'

/** Makes the roles of `esa db grants` in a database, as its administrator would, and gives the URL of the one that reads. */
export async function asAnalyst(esa: EsaHome, adminUrl: string): Promise<string> {
  const { sql } = await esa.json<{ sql: string }>('db', 'grants', '--target', adminUrl)
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  await admin.query(`${sql}; alter role esa_analyst password 'p'`)
  await admin.end()
  const url = new URL(adminUrl)
  Object.assign(url, { username: 'esa_analyst', password: 'p' })
  return url.href
}
