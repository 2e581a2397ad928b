import type { Incident, OperatorFigures } from '@esa/escalation'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ended, EsaHome, says } from './run-esa.ts'

let esa: EsaHome

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
})

afterAll(() => esa.remove())

const open = (...more: string[]): Promise<Incident> =>
  esa.json('incidents', 'open', '--agent', 'layer-1', '--title', 'pool', '--category', ...more)

it('follows one incident to its end, an event a line', async () => {
  const { id } = await open('integration')
  const watching = ended(esa.start(['incidents', 'watch', id, '--json']))
  await esa.json('incidents', 'ack', id, '--as', 'layer-2')
  await esa.json('incidents', 'resolve', id, '--as', 'layer-2', '--cause', 'restarted')
  const { code, stdout } = await watching
  expect(code).toBe(0)
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { incidentId: string; seq: number; type: string })
  expect(events.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
    '1 incident.opened',
    '2 incident.notified',
    '3 incident.acknowledged',
    '4 incident.taken',
    '5 incident.resolved',
  ])
  expect(new Set(events.map(({ incidentId }) => incidentId))).toEqual(new Set([id]))
})

it('follows every open incident until it is interrupted, and ends with 130', async () => {
  const { id: before } = await open('architecture')
  const watch = esa.start(['incidents', 'watch', '--json'])
  const watching = ended(watch)
  await says(watch, 'watching')
  const { id } = await open('blocker')
  const seen = new Promise<void>((resolve) => {
    let text = ''
    watch.stdout?.on('data', (more: string) => {
      text += more
      if (text.includes('incident.resolved')) resolve()
    })
  })
  await esa.json('incidents', 'resolve', before, '--as', 'chief-1', '--cause', 'done')
  await seen
  watch.kill('SIGINT')
  const { code, stdout } = await watching
  expect(code).toBe(130)
  const told = stdout.trim().split('\n')
  // What had happened before is not news.
  expect(told.map((line) => JSON.parse(line) as { incidentId: string; type: string })).toMatchObject([
    { incidentId: id, type: 'incident.opened' },
    { incidentId: id, type: 'incident.notified' },
    { incidentId: before, type: 'incident.resolved' },
  ])
})

it('an incident that is not there is not followed', async () => {
  expect((await esa.refused('incidents', 'watch', '01JZZZZZZZZZZZZZZZZZZZZZZZ')).code).toBe(4)
})

it('status shows what operators must see', async () => {
  const { id } = await open('performance')
  await esa.json('incidents', 'ack', id, '--as', 'domain-1', '--for', '1h')
  const seen = await esa.json<OperatorFigures & { nowAt: string }>('status')
  expect(seen.acks.running).toContainEqual(
    expect.objectContaining({ id, level: 'domain', heldBy: 'domain-1' }),
  )
  expect(seen.response.levels.find(({ level }) => level === 'domain')).toMatchObject({
    answered: 1,
    withinTarget: 1,
  })
  expect(seen).toMatchObject({
    open: { byStatus: { acknowledged: 1 } },
    overdue: 0,
    exhausted: [],
    lateness: { promiseMs: 1_000, samples: 0, p99Ms: null },
    passed: { total: 0 },
    notices: { failed: 0, dropped: 0 },
    resolved: { n: 2, tooFew: true },
    emergencies: { n: 0 },
    suppressed: { count: 0 },
    sweep: { ageMs: null },
    clock: { skewMs: null },
  })
  const { stdout } = await esa.run(['status'])
  for (const name of ['open', 'exhausted', 'lateness', 'resolved at', 'answers, domain', 'sweep', 'clocks'])
    expect(stdout).toContain(`\n${name}`)
})
