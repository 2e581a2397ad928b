import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

/** A migration may hold this: where it runs as a superuser, it is a shell. */
const attack = (mark: string): string =>
  `create table bait (a int);\ndo $$ begin copy (select 1) to program 'touch ${mark}'; end $$;\n`

let esa: EsaHome
let env: NodeJS.ProcessEnv
let mark: string
let file: string

beforeAll(async () => {
  esa = await EsaHome.create()
  const { adminUrl } = await ensureEmbeddedServer({ home: esa.home })
  env = { SHOP_URL: await createDatabase(adminUrl, 'shop') }
  // Any account may write there.
  mark = join('/tmp', `esa-pwned-${process.pid}`)
  file = join(esa.folder, 'attack.sql')
  await writeFile(file, attack(mark))
})
afterAll(() => esa.remove())

it.each([
  ['lint', ['db', 'migrate', 'lint', 'FILE', '--target', 'env:SHOP_URL']],
  ['lint of a schema', ['db', 'migrate', 'lint', 'FILE', '--schema', 'FILE']],
  ['rehearse', ['db', 'migrate', 'rehearse', 'FILE', '--target', 'env:SHOP_URL']],
  ['rehearse without a target', ['db', 'migrate', 'rehearse', 'FILE']],
  ['verify', ['db', 'migrate', 'verify', 'FILE', '--target', 'env:SHOP_URL']],
  ['plan', ['db', 'migrate', 'plan', 'FILE', '--target', 'env:SHOP_URL']],
])('a program in a DO block does not run: %s', async (_, words) => {
  const ran = await esa.run([...words.map((word) => (word === 'FILE' ? file : word)), '--json'], env)
  expect(`${ran.stdout}${ran.stderr}`).toMatch(/permission denied to COPY/)
  expect(existsSync(mark)).toBe(false)
})

it('a server for rehearsals is neither the runtime’s nor the target’s', async () => {
  const rehearsalUrl = env['SHOP_URL']!
  const words = ['db', 'migrate', 'rehearse', file, '--target', 'env:SHOP_URL', '--json']
  const ran = await esa.run(words, { ...env, ESA_REHEARSAL_URL: rehearsalUrl })
  expect(ran.stderr).toMatch(/is the server of the runtime/)
  expect(ran.code).not.toBe(0)
  const hosted = await esa.run(words, { ...env, ESA_REHEARSAL_URL: 'postgres://ada:x@shop.neon.tech/shop' })
  expect(hosted.stderr).toMatch(/hosted server/)
})

it('doctor says what stands around the sandbox, and down stops it', async () => {
  const { checks } = JSON.parse((await esa.run(['doctor', '--json'], env)).stdout) as {
    checks: { name: string; message: string }[]
  }
  expect(checks.find(({ name }) => name === 'sandbox')?.message).toMatch(/account|bubblewrap/)
  expect((await esa.run(['down'], env)).code).toBe(0)
})
