import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { INCIDENT_TYPE, incidentContext } from '@esa/escalation'
import { ensureEmbeddedServer } from '@esa/pg-server'
import { openPostgresStore, type Store } from '@esa/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Incident } from '@esa/escalation'
import { until } from '@esa/runtime/testing'
import { EsaHome, says } from './run-esa.ts'

const AGENTS = fileURLToPath(new URL('../../agents', import.meta.url))
const MINUTE_MS = 60_000

/** Two looks at the cards, a second each; ten are for a busy machine. */
const POLL = { timeout: 10_000, interval: 200 }

let esa: EsaHome
let store: Store
let agents: string
const card = (id: string): string => join(agents, 'layers', id, 'card.md')

beforeAll(async () => {
  esa = await EsaHome.create()
  agents = join(esa.folder, 'agents')
  await cp(AGENTS, agents, { recursive: true })
  await esa.json('migrate')
  store = await openPostgresStore({ url: (await ensureEmbeddedServer(esa)).url, max: 2 })
})
afterAll(async () => {
  await store.close()
  await esa.remove()
})

async function edit(id: string, from: string, to: string): Promise<void> {
  const text = await readFile(card(id), 'utf8')
  expect(text).toContain(from)
  await writeFile(card(id), text.replace(from, to))
}

/** Has the worker itself open an incident, the way an agent does; answers what its peers have, ms. */
async function peerWaitOfNext(dedupKey: string): Promise<number | undefined> {
  const body = { agent: 'layer-1', category: 'integration', title: 'pool', by: 'layer-1', dedupKey }
  const key = `layer-1 ${dedupKey}`
  const message = {
    id: `test-${dedupKey}`,
    queue: 'incidents',
    toActor: null,
    toType: INCIDENT_TYPE,
    toKey: key,
  }
  const about = { from: 'layer-1', type: 'open', body, correlationId: 'test', causationId: null, hops: 0 }
  await store.transact(async (tx) => {
    const { at } = await tx.env()
    const messages = [{ ...message, ...about }]
    await tx.write({ at, actors: [], messages, activities: [], doneMessages: [], rung: false })
  })
  return until(`${key} is open`, () => peerWait(dedupKey))
}

async function peerWait(dedupKey: string): Promise<number | undefined> {
  const live = await store.listActors({ type: INCIDENT_TYPE, live: true })
  const found = live.find(({ key }) => key === `layer-1 ${dedupKey}`)
  return found && incidentContext(found.state).policy.path[0]?.waitMs
}

async function open(...more: string[]): Promise<{ code: number | null; stderr: string; stdout: string }> {
  const about = ['--agent', 'layer-1', '--category', 'integration', '--title', 'pool', '--json']
  return esa.run(['incidents', 'open', ...about, ...more], { ESA_AGENTS: agents })
}

/** Whom an agent's mailbox asks, in its card's order. */
async function peersIn(id: string): Promise<unknown> {
  return (await store.readActor(id))?.state.snapshot.context['peers']
}

describe('a card that is edited under a running worker', () => {
  it('counts for new incidents, and a faulty one counts for none', async () => {
    const worker = esa.start(['worker'], { ESA_AGENTS: agents })
    await says(worker, 'ready in ')
    expect(await peerWaitOfNext('before')).toBe(30 * MINUTE_MS)

    const reloaded = says(worker, 'cards reloaded, for new incidents: layer-1')
    await edit('layer-1', '(30 min wait)', '(45 min wait)')
    await reloaded
    expect(await peerWaitOfNext('after')).toBe(45 * MINUTE_MS)
    expect(await peerWait('before')).toBe(30 * MINUTE_MS)

    const refused = says(worker, 'cards refused, those of before stay in force')
    await edit('layer-1', '(45 min wait)', '(1 fortnight wait)')
    await refused
    expect(await peerWaitOfNext('refused')).toBe(45 * MINUTE_MS)

    const mended = says(worker, 'cards reloaded, for new incidents: layer-1')
    await edit('layer-1', '(1 fortnight wait)', '(20 min wait)')
    await mended
    expect(await peerWaitOfNext('mended')).toBe(20 * MINUTE_MS)

    await esa.run(['agents', 'seat', 'layer-1', '--human'], { ESA_AGENTS: agents })
    expect(await peersIn('layer-1')).toEqual(['layer-2', 'layer-3'])
    await edit('layer-1', '**Peer Support:** Layer #2', '**Peer Support:** Layer #4')
    await expect.poll(() => peersIn('layer-1'), POLL).toEqual(['layer-4', 'layer-3'])
    await edit('layer-1', '**Peer Support:** Layer #4', '**Peer Support:** Layer #2')
    await expect.poll(() => peersIn('layer-1'), POLL).toEqual(['layer-2', 'layer-3'])
    expect(await peerWait('mended')).toBe(20 * MINUTE_MS)
    worker.kill('SIGTERM')
  })

  it('does not stop answers to what is open, and opens nothing on its own agent', async () => {
    const { id } = JSON.parse((await open()).stdout) as Incident
    await edit('layer-1', '(20 min wait)', '(1 fortnight wait)')
    const place = new RegExp(`${card('layer-1')}:\\d+:\\d+`)
    const acknowledged = await esa.run(['incidents', 'ack', id, '--as', 'layer-2', '--json'], {
      ESA_AGENTS: agents,
    })
    expect(acknowledged).toMatchObject({ code: 0, stderr: expect.stringMatching(place) })
    expect(JSON.parse(acknowledged.stdout)).toMatchObject({ status: 'acknowledged' })
    expect(await open()).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(place) })
    const other = ['--agent', 'layer-2']
    expect(await open(...other)).toMatchObject({ code: 0, stderr: expect.stringMatching(place) })
    const worker = await esa.run(['worker'], { ESA_AGENTS: agents })
    expect(worker).toMatchObject({ code: 3, stderr: expect.stringMatching(place) })
  })
})
