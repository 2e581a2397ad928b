import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import type { EsaHome } from './run-esa.ts'

/**
 * A token of a person to act as `as`, as `esa accounts add` and `esa login` give it. Two days pass for the account: the owner of
 * the database moves it back, which nothing of the product can do.
 */
export async function personToken(esa: EsaHome, name: string, as: string): Promise<string> {
  const { link } = await esa.json<{ link: string }>('accounts', 'add', name, '--as', as)
  const owner = new pg.Client({ connectionString: (await ensureEmbeddedServer(esa)).url })
  await owner.connect()
  await owner.query('update esa.accounts set created_at = created_at - 172800000 where display = $1', [name])
  await owner.end()
  return (await esa.json<{ token: string }>('login', link)).token
}
