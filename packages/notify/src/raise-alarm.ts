import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EsaError } from '@esa/protocol'

/** An alarm as it leaves the bus: what happened, to which incident or actor, and why. */
export interface Alarm {
  /** The same at every try of the same alarm: the file holds it once. */
  id: string
  at: string
  subject: string
  why: string
  details: Record<string, unknown>
}

/** Where alarms go: always a file, one JSON document a line; a webhook beside it where one is configured. */
export interface AlarmChannels {
  file: string
  webhook: string | null
}

/** A webhook that has not answered in this time has failed, ms. */
const WEBHOOK_TIMEOUT_MS = 5_000

/**
 * Raises an alarm on every channel; the file comes first, so that a dead webhook hides nothing.
 * @throws EsaError `alarm.file` or `alarm.webhook` (transient).
 */
export async function raiseAlarm(channels: AlarmChannels, alarm: Alarm): Promise<void> {
  const line = JSON.stringify(alarm)
  try {
    await mkdir(dirname(channels.file), { recursive: true })
    if (!(await holds(channels.file, alarm.id))) await appendFile(channels.file, `${line}\n`)
  } catch (cause) {
    throw new EsaError('alarm.file', 'transient', `the alarm file ${channels.file} cannot be written`, {
      cause,
    })
  }
  if (channels.webhook !== null) await post(channels.webhook, line)
}

async function holds(file: string, id: string): Promise<boolean> {
  try {
    return (await readFile(file, 'utf8')).includes(`"id":${JSON.stringify(id)}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

async function post(url: string, body: string): Promise<void> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
  } catch (cause) {
    throw new EsaError('alarm.webhook', 'transient', 'the alarm webhook did not take the alarm', { cause })
  }
}
