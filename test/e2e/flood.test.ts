import { ensureEmbeddedServer } from '@esa/pg-server'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

let esa: EsaHome
let admin: pg.Client

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
  admin = new pg.Client({ connectionString: (await ensureEmbeddedServer(esa)).url })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await esa.remove()
})

const about = (agent: string, category: string): string[] => [
  'incidents',
  'open',
  '--agent',
  agent,
  '--category',
  category,
  '--title',
  'storm',
]

it('an agent that has opened 1,000 incidents within a minute opens no more of them, and data loss always', async () => {
  await esa.json(...about('layer-1', 'integration'))
  const { rows } = await admin.query(
    `update esa.openings set count = 1000 where opener = 'layer-1' returning since`,
  )
  expect(rows).toHaveLength(1)
  // Under load, a minute may pass between two commands: the window is held open.
  await admin.query('update esa.openings set since = since + 600000')
  const { code, problem } = await esa.refused(...about('layer-1', 'integration'))
  expect([code, problem.code, problem.hint]).toEqual([
    6,
    'incident.too-many',
    expect.stringContaining('--dedup-key'),
  ])
  await esa.json(...about('layer-1', 'data-loss'))
  await esa.json(...about('layer-1', 'security'))
  await esa.json(...about('layer-2', 'integration'))
  expect((await esa.json<{ incidents: unknown[] }>('incidents', 'ls')).incidents).toHaveLength(4)
  await admin.query('update esa.openings set since = since - 700000')
  await esa.json(...about('layer-1', 'integration'))
})
