import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { hasOtherPostgres, startOtherPostgres } from '@esa/pg-server/testing'
import { afterAll } from 'vitest'

/** What is closed after the tests of a file, the last first. */
export const closing: (() => Promise<unknown>)[] = []

async function embedded(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'esa-guard-'))
  const { adminUrl } = await ensureEmbeddedServer({ home })
  closing.push(async () => {
    await stopEmbeddedServer({ home, mode: 'immediate' })
    await rm(home, { recursive: true, force: true })
  })
  return adminUrl
}

async function other(): Promise<string> {
  const server = await startOtherPostgres()
  closing.push(() => server.close())
  return server.url
}

/** Servers that a test can start: name, major (0: whichever is installed), and a function that answers with an admin's URL. */
export function eachServer() {
  afterAll(async () => {
    for (const close of closing.toReversed()) await close()
  })
  return [
    ['PostgreSQL 18', 18, embedded] as const,
    ...(hasOtherPostgres() ? [['another major', 0, other] as const] : []),
  ]
}
