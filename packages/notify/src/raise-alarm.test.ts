import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
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

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-alarm-'))
})

afterEach(() => rm(folder, { recursive: true }))

it('appends one JSON document a line, once an alarm, making the folder where it is missing', async () => {
  const file = join(folder, 'deep', 'alarms.jsonl')
  await raiseAlarm({ file, webhook: null }, alarm)
  await raiseAlarm({ file, webhook: null }, { ...alarm, id: 'a2', why: 'still exhausted' })
  await raiseAlarm({ file, webhook: null }, alarm)
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    alarm,
    { ...alarm, id: 'a2', why: 'still exhausted' },
  ])
})

it('posts to the webhook, and says so when it refuses, with the file written all the same', async () => {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
    request.on('end', () => response.writeHead(bodies.length > 1 ? 500 : 204).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const file = join(folder, 'alarms.jsonl')
  try {
    await raiseAlarm({ file, webhook }, alarm)
    expect(JSON.parse(bodies[0]!)).toEqual(alarm)
    await expect(raiseAlarm({ file, webhook }, { ...alarm, id: 'a2' })).rejects.toMatchObject({
      code: 'alarm.webhook',
      kind: 'transient',
    })
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(2)
  } finally {
    server.close()
  }
})
