import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Incident } from '@esa/escalation'
import { EsaHome } from './run-esa.ts'

/** An alarm as it leaves the bus. */
interface Alarm {
  id: string
  subject: string
  why: string
}

/** Two hours in one second: the CEO is notified twice in two seconds, and an alarm repeats every two. */
const SCALE = '7200'

/** Alarms that are waited for: the first, and two that repeat it. */
const ALARMS = 3

let esa: EsaHome

beforeEach(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
})

afterEach(() => esa.remove())

/** A webhook that answers with `statusOf(n)` to the n-th request, and resolves when `enough` says so. */
async function webhook(statusOf: (n: number) => number, enough: (alarms: Alarm[]) => boolean) {
  const taken: Alarm[] = []
  let requests = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const status = statusOf(++requests)
      if (status < 300) taken.push(JSON.parse(body) as Alarm)
      response.writeHead(status).end()
      if (enough(taken)) resolve()
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alarm`
  return { url, taken, requests: () => requests, enough: promise, close: () => server.close() }
}

async function exhausted(): Promise<Incident> {
  const opening = ['--agent', 'layer-1', '--category', 'security', '--title', 'leak', '--time-scale', SCALE]
  return esa.json<Incident>('incidents', 'open', ...opening)
}

async function alarmFile(): Promise<Alarm[]> {
  const text = await readFile(join(esa.home, 'alarms.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Alarm)
}

it('an exhausted incident raises its alarm again and again, by file and by webhook, one refusal on the way', async () => {
  const { id } = await exhausted()
  const hook = await webhook(
    (n) => (n === 1 ? 503 : 204),
    (taken) => taken.length >= ALARMS,
  )
  try {
    esa.start(['up'], { ESA_ALARM_WEBHOOK: hook.url })
    await hook.enough
    const posted = hook.taken.filter(({ subject }) => subject === `incident ${id}`)
    expect(new Set(posted.map((alarm) => alarm.id)).size).toBe(posted.length)
    expect(posted.length).toBeGreaterThanOrEqual(ALARMS)
    // Every alarm that the webhook took is in the file, once: both are written side by side, so the last may be on its way.
    await expect
      .poll(async () => (await alarmFile()).map(({ id: alarmId }) => alarmId))
      .toEqual(expect.arrayContaining(posted.map((alarm) => alarm.id)))
    const written = await alarmFile()
    for (const { id: alarmId, subject, why } of posted)
      expect(written.filter((line) => line.id === alarmId)).toMatchObject([{ subject, why }])
    expect(written.some(({ why }) => why.startsWith('exhausted'))).toBe(true)
    expect(written.some(({ why }) => why.startsWith('still exhausted'))).toBe(true)
    const { events } = await esa.json<{ events: { type: string }[] }>('replay', 'show', id)
    expect(events.filter(({ type }) => type === 'incident.alarmed').length).toBeGreaterThanOrEqual(ALARMS - 1)
  } finally {
    hook.close()
  }
})

it('a webhook that takes nothing keeps no alarm from the file, and none after it', async () => {
  const { id } = await exhausted()
  const hook = await webhook(
    () => 500,
    () => hook.requests() >= 2 * ALARMS,
  )
  try {
    esa.start(['up'], { ESA_ALARM_WEBHOOK: hook.url })
    await hook.enough
    const written = await alarmFile()
    expect(written.length).toBeGreaterThanOrEqual(2)
    expect(new Set(written.map((alarm) => alarm.id)).size).toBe(written.length)
    expect((await esa.json<Incident>('incidents', 'show', id)).status).toBe('exhausted')
  } finally {
    hook.close()
  }
})
