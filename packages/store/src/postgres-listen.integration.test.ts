import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listenForWake } from './postgres-listen.ts'
import { WAKE_CHANNEL } from './postgres-sql.ts'

describe('a listener', () => {
  let home: string
  let admin: pg.Client
  let url: string

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'esa-listen-'))
    const server = await ensureEmbeddedServer({ home })
    const database = await createDatabase(server.url, 'listening')
    admin = new pg.Client({ connectionString: database })
    await admin.connect()
    await admin.query(`create role listener login password 'one'`)
    // A sequence counts whatever becomes of the transaction: here, how often the listener was sent away.
    await admin.query(`create sequence sent_away`)
    await admin.query(`create function send_away() returns event_trigger language plpgsql security definer as $$
      begin
        if session_user <> 'listener' then return; end if;
        perform nextval('public.sent_away');
        raise exception 'not now' using errcode = 'invalid_authorization_specification';
      end $$`)
    await admin.query('create event trigger send_away on login execute function send_away()')
    await admin.query('alter event trigger send_away disable')
    const own = new URL(database)
    Object.assign(own, { username: 'listener', password: 'one' })
    url = own.href
  })
  afterAll(async () => {
    await admin.end()
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })

  /** Ends the connections of the listener. */
  const cutOff = () =>
    admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'listener'`)
  const wasSentAway = async (): Promise<boolean> =>
    (await admin.query<{ is_called: boolean }>('select is_called from sent_away')).rows[0]!.is_called

  it('learns at once when the database does not know it', async () => {
    const wrong = new URL(url)
    wrong.username = 'stranger'
    await expect(listenForWake(wrong.href, () => {})).rejects.toThrow(/stranger/)
  })

  it('outlives a time in which it may not log in, and hears again after it', async () => {
    let heard = 0
    const stop = await listenForWake(url, () => heard++)
    const call = async (): Promise<number> => {
      await admin.query(`notify ${WAKE_CHANNEL}`)
      return heard
    }
    await expect.poll(call).toBeGreaterThan(0)
    await admin.query('alter event trigger send_away enable')
    await cutOff()
    await expect.poll(wasSentAway, { timeout: 10_000 }).toBe(true)
    heard = 0
    await admin.query('alter event trigger send_away disable')
    await expect.poll(call, { timeout: 10_000 }).toBeGreaterThan(0)
    await stop()
  })

  it('that stops while it connects leaves no connection behind', async () => {
    const stop = await listenForWake(url, () => {})
    await cutOff()
    await stop()
    const lines = async (): Promise<number> =>
      (await admin.query(`select 1 from pg_stat_activity where usename = 'listener'`)).rows.length
    await expect.poll(lines).toBe(0)
  })
})
