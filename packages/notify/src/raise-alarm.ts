import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EsaError } from '@esa/protocol'
import { isTaken, postJson } from './post-json.ts'

/** An alarm as it leaves the bus: what happened, to which incident or actor, and why. */
export interface Alarm {
  /** The same at every try of the same alarm: the file holds it once, and a receiver of the webhook can recognize a repetition. */
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

/**
 * Raises an alarm on every channel, each whatever becomes of the others.
 * @throws EsaError `alarm.file` or `alarm.webhook` (transient) when one failed; `details.failed` names all that did.
 */
export async function raiseAlarm({ file, webhook }: AlarmChannels, alarm: Alarm): Promise<void> {
  const line = JSON.stringify(alarm)
  const raised = await Promise.allSettled([
    append(file, alarm.id, line),
    webhook === null ? undefined : post(webhook, line),
  ])
  const failures = raised.flatMap((one) => (one.status === 'rejected' ? [one.reason as EsaError] : []))
  const [first] = failures
  if (first === undefined) return
  const failed = failures.map(({ code }) => code)
  throw new EsaError(first.code, 'transient', failures.map(({ message }) => message).join('; '), {
    cause: first.cause,
    details: { failed },
  })
}

async function append(file: string, id: string, line: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    if (!(await holds(file, id))) await appendFile(file, `${line}\n`)
  } catch (cause) {
    throw new EsaError('alarm.file', 'transient', `the alarm file ${file} cannot be written`, { cause })
  }
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
    const status = await postJson(url, body)
    if (!isTaken(status)) throw new Error(`HTTP ${status}`)
  } catch (cause) {
    throw new EsaError('alarm.webhook', 'transient', 'the alarm webhook did not take the alarm', { cause })
  }
}
