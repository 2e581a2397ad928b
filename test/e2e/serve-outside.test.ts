import { existsSync } from 'node:fs'
import { embeddedServerStatus } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome, says } from './run-esa.ts'

let esa: EsaHome

beforeAll(async () => {
  esa = await EsaHome.create()
})
afterAll(() => esa.remove())

const OUTSIDE = { ESA_HOST: '0.0.0.0' }
const PROXIED = { ESA_PUBLIC_URL: 'https://esa.example.org' }

async function refused(environment: NodeJS.ProcessEnv): Promise<unknown> {
  const { code, stdout, stderr } = await esa.run(['up', '--json'], environment)
  expect({ code, stderr }).toMatchObject({ code: 5 })
  expect(stdout).toBe('')
  return JSON.parse(stderr).code
}

describe('a server beyond this machine', () => {
  it('does not start in a new home: nothing is made', async () => {
    expect(await refused(OUTSIDE)).toBe('auth.no-token')
    expect(await refused(PROXIED)).toBe('auth.no-token')
    expect(existsSync(esa.home)).toBe(false)
  })

  it('does not start without a valid token, and leaves the database as it was', async () => {
    const { id } = await esa.json<{ id: string }>('tokens', 'create', '--as', 'operator', '--scope', 'admin')
    await esa.json('tokens', 'revoke', id)
    expect(await refused(OUTSIDE)).toBe('auth.no-token')
    expect((await embeddedServerStatus(esa)).state).toBe('running')
    await esa.run(['down'])
    expect(await refused(PROXIED)).toBe('auth.no-token')
    expect((await embeddedServerStatus(esa)).state).toBe('stopped')
  })

  it('starts with one, and requires it of every caller', async () => {
    const made = ['tokens', 'create', '--as', 'operator', '--scope', 'incidents:read']
    const { token } = await esa.json<{ token: string }>(...made)
    const up = esa.start(['up'], { ...OUTSIDE, ESA_LOG: 'silent' })
    const ready = await says(up, 'ready in ')
    const url = `http://127.0.0.1:${/:(\d+)/.exec(ready)![1]}`
    const incidents = (headers: Record<string, string>) => fetch(`${url}/api/v1/incidents`, { headers })
    expect((await incidents({})).status).toBe(401)
    expect((await incidents({ authorization: `Bearer ${token}` })).status).toBe(200)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    await expect.poll(async () => (await fetch(`${url}/ready`)).status, { timeout: 10_000 }).toBe(200)
    up.kill('SIGTERM')
  })
})
