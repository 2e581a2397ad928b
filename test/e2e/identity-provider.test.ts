import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Approval } from '@esa/escalation'
import { createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENT, CookieBrowser, OpenIdProvider } from '../http/openid-provider.ts'
import { EsaHome, says } from './run-esa.ts'

let esa: EsaHome
let provider: OpenIdProvider
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  esa = await EsaHome.create()
  provider = await OpenIdProvider.start(['http://127.0.0.1/login/oidc/callback'])
  const secretFile = join(esa.folder, 'secret')
  await writeFile(secretFile, `${CLIENT.secret}\n`, { mode: 0o600 })
  environment = {
    ESA_OIDC_ISSUER: provider.issuer,
    ESA_OIDC_CLIENT_ID: CLIENT.id,
    ESA_OIDC_CLIENT_SECRET_FILE: secretFile,
  }
  await esa.json('migrate')
  const { url } = await ensureEmbeddedServer(esa)
  await esa.json('targets', 'add', 'shop', await createDatabase(url, 'oidc_shop'))
})
afterAll(async () => {
  await provider.close()
  await esa.remove()
})

/** Signs a person in as they do on a terminal: esa login, and the code confirmed in a browser. */
async function login(subject: string, name: string): Promise<string> {
  provider.next = { subject, name }
  const running = esa.start(['login', '--json'], environment)
  const ended = once(running, 'close')
  let stdout = ''
  running.stdout!.on('data', (chunk) => (stdout += String(chunk)))
  const line = await says(running, 'confirm the code')
  const [, url = '', code = ''] = /open (\S+) and confirm the code (\S+)/.exec(line) ?? []
  const browser = new CookieBrowser()
  const page = await (await browser.visit(url)).response.text()
  const fields = [...page.matchAll(/name="(\w+)" value="([^"]*)"/g)]
  const form = Object.fromEntries(fields.map(([, field, value]) => [field, value])) as Record<string, string>
  await browser.visit(`${provider.issuer}/device`, { form: { ...form, user_code: code, confirm: 'yes' } })
  await ended
  return (JSON.parse(stdout) as { token: string }).token
}

const as = async (token: string, ...args: string[]) => {
  const { stdout, stderr } = await esa.run([...args, '--json'], { ...environment, ESA_TOKEN: token })
  return JSON.parse(stdout === '' ? stderr.trim().split('\n').at(-1)! : stdout) as Approval & {
    code?: string
    approvals?: Approval[]
  }
}

describe('two people of an identity provider', () => {
  it('are two, by their subjects and not by their names, and approve together what may lose data', async () => {
    const ada = await login('ada-1', 'Ada Lovelace')
    const bea = await login('bea-2', 'Ada Lovelace')
    const { accounts } = await esa.json<{ accounts: { name: string; issuer: string }[] }>('accounts', 'ls')
    const people = accounts.filter(({ issuer }) => issuer === provider.issuer)
    expect(people.map(({ name }) => name)).toEqual(['Ada Lovelace', 'Ada Lovelace 2'])

    const file = join(esa.folder, 'drop.sql')
    await writeFile(file, 'drop table old_orders;\n')
    const service = await esa.json<{ token: string }>(
      'tokens',
      'create',
      '--as',
      'layer-1',
      '--scope',
      'incidents:write',
      '--person',
      'a pipeline',
    )
    const asking = ['db', 'approvals', 'ask', '--target', 'shop', '--because', 'unused', '--file', file]
    const { id } = (await as(service.token, ...asking)).approvals![0]!
    const approve = (token: string) => as(token, 'approvals', 'approve', id, '--as', 'operator')
    expect((await approve(ada)).status).toBe('partly')
    expect((await approve(ada)).code).toBe('approval.twice')
    // The same person from another terminal is still the same person.
    expect((await approve(await login('ada-1', 'Ada L.'))).code).toBe('approval.too-young')
    expect((await approve(await login('eve-3', 'Eve'))).code).toBe('approval.too-young')
    expect((await approve(bea)).status).toBe('granted')
  })
})
