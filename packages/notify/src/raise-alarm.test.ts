import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { raiseAlarm } from './raise-alarm.ts'

const alarm = {
  id: 'a1',
  at: '2026-01-01T00:00:00.000Z',
  subject: 'incident 1',
  why: 'exhausted',
  details: { level: 'ceo' },
}
let folder: string
let file: string
const servers: Server[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-alarm-'))
  file = join(folder, 'alarms.jsonl')
})

afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  await rm(folder, { recursive: true })
})

/** A webhook that answers with these statuses in turn, the last one ever after, and what it was sent. */
async function webhookOf(...statuses: number[]): Promise<{ webhook: string; sent: string[] }> {
  const sent: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      sent.push(body)
      response.writeHead(statuses[sent.length - 1] ?? statuses.at(-1)!, { location: '/elsewhere' }).end()
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { webhook: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent }
}

const lines = async () => (await readFile(file, 'utf8')).trim().split('\n')

it('appends one JSON document a line, once an alarm, making the folder where it is missing', async () => {
  file = join(folder, 'deep', 'alarms.jsonl')
  await raiseAlarm({ file, webhook: null }, alarm)
  await raiseAlarm({ file, webhook: null }, { ...alarm, id: 'a2', why: 'still exhausted' })
  await raiseAlarm({ file, webhook: null }, alarm)
  expect((await lines()).map((line) => JSON.parse(line) as unknown)).toEqual([
    alarm,
    { ...alarm, id: 'a2', why: 'still exhausted' },
  ])
})

it('posts to the webhook, and says so when it refuses, with the file written all the same', async () => {
  const { webhook, sent } = await webhookOf(204, 500, 204)
  await raiseAlarm({ file, webhook }, alarm)
  expect(JSON.parse(sent[0]!)).toEqual(alarm)
  const second = { ...alarm, id: 'a2' }
  await expect(raiseAlarm({ file, webhook }, second)).rejects.toMatchObject({
    code: 'alarm.webhook',
    kind: 'transient',
    details: { failed: ['alarm.webhook'] },
  })
  expect(await lines()).toHaveLength(2)
  // Tried again: the webhook gets it, and the file still holds it once.
  await raiseAlarm({ file, webhook }, second)
  expect(sent.map((body) => (JSON.parse(body) as { id: string }).id)).toEqual(['a1', 'a2', 'a2'])
  expect(await lines()).toHaveLength(2)
})

it('posts to the webhook though the file cannot be written, and says that it could not', async () => {
  const { webhook, sent } = await webhookOf(204)
  await writeFile(join(folder, 'taken'), '')
  file = join(folder, 'taken', 'alarms.jsonl')
  await expect(raiseAlarm({ file, webhook }, alarm)).rejects.toMatchObject({ code: 'alarm.file' })
  expect(sent.map((body) => JSON.parse(body) as unknown)).toEqual([alarm])
})

it('names every channel that failed, and follows no redirect', async () => {
  const { webhook, sent } = await webhookOf(302, 204)
  await writeFile(join(folder, 'taken'), '')
  await expect(
    raiseAlarm({ file: join(folder, 'taken', 'alarms.jsonl'), webhook }, alarm),
  ).rejects.toMatchObject({ details: { failed: ['alarm.file', 'alarm.webhook'] } })
  expect(sent).toHaveLength(1)
})

it('says so of a webhook without a listener', async () => {
  const { webhook } = await webhookOf(204)
  await new Promise((resolve) => servers.pop()!.close(resolve))
  await expect(raiseAlarm({ file, webhook }, alarm)).rejects.toMatchObject({ code: 'alarm.webhook' })
  expect(await lines()).toHaveLength(1)
})
