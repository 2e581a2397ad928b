import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ended, EsaHome } from './run-esa.ts'

/**
 * The tables of the queues vanish as soon as a second connection of a worker comes in: after the gate has seen them and
 * before its Workers have.
 */
const LOSE_QUEUES_AT_LOGIN = `
  create function public.lose_queues() returns event_trigger language plpgsql as $$
  begin
    if current_setting('application_name') = 'esa doorbell' and to_regnamespace('bullmq') is not null then
      drop schema bullmq cascade;
    end if;
  end $$;
  create event trigger lose_queues on login execute function public.lose_queues();
  alter event trigger lose_queues enable always`

/** A worker that cannot start says so at once; one that spins never does, ms. */
const ENDS_WITHIN_MS = 20_000

let esa: EsaHome

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
})

afterAll(() => esa.remove())

it('a worker whose Workers find no queues ends with 7, and does not spin', async () => {
  const { url } = await ensureEmbeddedServer({ home: esa.home })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(LOSE_QUEUES_AT_LOGIN)
  await client.end()
  const worker = esa.start(['worker'])
  const killed = setTimeout(() => worker.kill('SIGKILL'), ENDS_WITHIN_MS)
  const { code, stderr } = await ended(worker)
  clearTimeout(killed)
  expect({ code, stderr }).toMatchObject({ code: 7, stderr: expect.stringContaining('queue.unreachable') })
})
