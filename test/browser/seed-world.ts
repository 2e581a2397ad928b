import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Incident } from '@esa/escalation'
import { createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore } from '@esa/store'
import pg from 'pg'
import { personToken } from '../e2e/person-token.ts'
import type { EsaHome } from '../e2e/run-esa.ts'

/** Text that a page must show letter by letter; run, it would set `owned`. */
export const HOSTILE = `<img src=x onerror="globalThis.owned=1"> & <script>globalThis.owned=1</script>`

/** A statement that waits to be approved. */
export const STATEMENT = 'drop table old_orders;'

/** Names of what a seeded world has in it. */
export interface Seeded {
  /** The open incident that waits for two peers. */
  asked: Incident
  /** One that a peer holds. */
  held: Incident
  /** One whose title would like to be run. */
  hostile: Incident
  /** One that was resolved. */
  resolved: Incident
  /** A token of a person who may decide as chief-1. */
  chiefToken: string
}

/**
 * Gives a running world something of everything that a page shows: incidents in every state, people in seats, a stopped agent,
 * messages that wait, a statement to approve, a silence, tokens, and a database with a day of measurements. `text` is what outsiders
 * say.
 */
export async function seedWorld(esa: EsaHome, url: string, text = HOSTILE): Promise<Seeded> {
  const post = poster(url)
  // Seats first: a built-in one would answer before a page can show what waits.
  for (const agent of ['layer-2', 'layer-3', 'layer-21', 'chief-1'])
    await post(`agents/${agent}/seat`, { seat: 'human' })
  const shop = await seedShop(esa)
  const open = (agent: string, category: string, title: string, evidence: object = {}): Promise<Incident> =>
    post('incidents', { agent, category, title, evidence })
  const asked = await open('layer-1', 'integration', 'Connection pool of the API is at its limit', {
    kind: 'connections',
    maxConnections: 100,
    usedConnections: 97,
  })
  const held = await open('layer-1', 'performance', 'p95 of checkout is 412 ms, promised below 100 ms', {
    metric: 'query-response-time',
    value: 412,
    threshold: 100,
  })
  await post(`incidents/${held.id}/ack`, { as: 'domain-1', forMs: 2 * 3_600_000 })
  const hostile = await open('layer-21', 'blocker', text, { text })
  const resolved = await open('layer-12', 'integration', 'Exports wait for the file store')
  await post(`incidents/${resolved.id}/resolve`, {
    as: resolved.addressees[0] ?? 'operator',
    cause: 'The store was restarted',
  })
  await open('layer-33', 'architecture', 'Two services write the same table')
  await post('agents/domain-5/stop', {})
  await seedRecords(post, text)
  const made = [
    'tokens',
    'create',
    '--as',
    'layer-1',
    '--person',
    'a script of Ada',
    '--scope',
    'incidents:write',
  ]
  const { token: asker } = await esa.json<{ token: string }>(...made)
  const chief = await personToken(esa, 'Cem', 'chief-1')
  await Promise.all([askApproval(esa, shop, asker), seedReadings(esa)])
  return { asked, held, hostile, resolved, chiefToken: chief }
}

/** Asks for the approval of a statement, which only Layer 1 and its commands do. */
async function askApproval(esa: EsaHome, shopUrl: string, token: string): Promise<void> {
  const file = join(esa.folder, 'drop.sql')
  await writeFile(file, `${STATEMENT}\n`)
  await esa.json('targets', 'add', 'shop', shopUrl)
  const because = ['--because', 'Nothing has read it for a year']
  const asked = await esa.run(['db', 'approvals', 'ask', '--target', 'shop', '--file', file, ...because], {
    ESA_TOKEN: token,
  })
  if (asked.code !== 0) throw new Error(asked.stderr)
}

/** Messages that wait, and a silence. */
async function seedRecords(post: Post, text: string): Promise<void> {
  const message = (from: string, to: string, type: string, subject: string, body: object): Promise<unknown> =>
    post('tasks', { from, to: [to], type, subject, body })
  await message('layer-8', 'layer-2', 'task_request', 'Which fields may the client cache?', { task: text })
  await message('layer-23', 'layer-21', 'sync_request', 'Who owns the guest list?', {
    about: 'events and users overlap',
  })
  await message('operator', 'layer-3', 'resource_request', 'Two more workers for the export', {
    resource: 'workers',
    reason: 'the queue grows',
  })
  await post('silences', { agent: 'layer-44', until: '2h', reason: 'Planned move to another region' })
  const aim = { kind: 'webhook', url: 'https://hooks.example.com/esa', secret: 'env:PAGES_HOOK_SECRET' }
  await post('webhooks', { name: 'night-shift', ...aim, personal: true })
  await post('people', { person: 'Cem', agent: 'chief-1', channels: ['night-shift'] })
  await post('people/override', { level: 'chief', person: 'Cem', until: '8h' })
}

const SHOP = `
  create table customers (id int primary key, name text, email text);
  create table orders (id int primary key, customer_id int references customers, total numeric, state text);
  create table old_orders (id int, note text);
  insert into customers select n, 'Customer ' || n, n || '@example.com' from generate_series(1, 500) n;
  insert into orders select n, 1 + n % 500, n, 'paid' from generate_series(1, 5000) n;
  create index orders_state on orders (state);
  create index orders_state_again on orders (state);
`

async function seedShop(esa: EsaHome): Promise<string> {
  const { url } = await ensureEmbeddedServer(esa)
  const shopUrl = await createDatabase(url, 'shop')
  const client = new pg.Client({ connectionString: shopUrl })
  await client.connect()
  try {
    await client.query(SHOP)
  } finally {
    await client.end()
  }
  return shopUrl
}

/** A day of what Layer 1 would have measured every ten minutes; the response time leaves its bound for an hour. */
async function seedReadings(esa: EsaHome): Promise<void> {
  const { url } = await ensureEmbeddedServer(esa)
  const store = await openPostgresStore({ url })
  try {
    const { nowMs } = await store.runtime()
    const every = 600_000
    const looks = Array.from({ length: 144 }, (_, n) => nowMs - (143 - n) * every)
    await store.keepReadings(
      looks.flatMap((at, n) => {
        const wave = Math.sin(n / 9)
        const slow = n >= 128 && n < 135
        const reading = (
          key: string,
          value: number,
          unit: string,
          comparator: string,
          threshold: number,
          ok: boolean,
        ) => ({
          target: 'shop',
          key,
          at,
          reading: {
            key,
            value,
            unit,
            comparator,
            threshold,
            ok,
            samples: 300,
            window: 60,
            method: 'seeded',
          },
        })
        return [
          reading('query-response-time', slow ? 180 + n : 42 + 14 * wave, 'ms', '<', 100, !slow),
          reading('data-loss-incidents-during-migrations', 0, 'count', '=', 0, true),
          reading('database-uptime', 99.97, '%', '>', 99.9, true),
          reading('index-hit-ratio', 98.4 + wave, '%', '>', 95, true),
          reading('schema-normalization-score', 84, '%', '>', 90, false),
        ]
      }),
    )
  } finally {
    await store.close()
  }
}

type Post = <T>(path: string, body: object) => Promise<T>

/** Sends a command to the API as the page does. */
function poster(url: string): Post {
  return async <T>(path: string, body: object): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify(body),
    })
    const said = (await response.json()) as T & { detail?: string }
    if (!response.ok) throw new Error(`${path}: ${response.status} ${said.detail}`)
    return said
  }
}
