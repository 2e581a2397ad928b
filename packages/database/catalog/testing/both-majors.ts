import { writeSync } from 'node:fs'
import { hasOtherPostgres, startOtherPostgres, type TestServer } from '@esa/pg-server/testing'
import { afterAll, beforeAll } from 'vitest'
import type { OwnServer } from './own-server.ts'
import { connectPool } from '@esa/pg-server'

/** The servers that a corpus runs on, by their majors: the embedded one, and another where it is installed. */
export interface BothMajors {
  majors: string[]
  /** Where a superuser reaches it; from the first `beforeAll` on. */
  url(major: string): string
}

/** Starts the other major beside the embedded server, and prints at the end which servers ran. */
export function bothMajors(own: OwnServer): BothMajors {
  let other: TestServer | undefined
  const majors = hasOtherPostgres() ? ['PostgreSQL 18', 'another major'] : ['PostgreSQL 18']
  const url = (major: string): string => (major === 'PostgreSQL 18' ? own.adminUrl : other!.url)
  const version = async (major: string): Promise<string> => {
    const pool = await connectPool(url(major), { max: 1 })
    const { rows } = await pool.query<{ server_version: string }>('show server_version')
    await pool.end()
    return rows[0]!.server_version
  }
  beforeAll(async () => {
    if (majors.length > 1) other = await startOtherPostgres()
    const ran = await Promise.all(majors.map(version))
    writeSync(
      1,
      `ran on PostgreSQL ${ran.join(' and ')}${other === undefined ? '; NOT on another major' : ''}\n`,
    )
  })
  afterAll(() => other?.close())
  return { majors, url }
}
