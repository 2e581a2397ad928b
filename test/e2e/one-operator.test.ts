import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, EsaHome, says } from './run-esa.ts'

interface Checks {
  checks: object[]
}

let esa: EsaHome

beforeAll(async () => {
  esa = await EsaHome.create()
})
afterAll(() => esa?.remove())

describe('one operator', () => {
  it('is said by the ready line, status and doctor, and a start of up makes no second person', async () => {
    await esa.json('accounts', 'add', 'Ada')
    await esa.json('login', '--single-operator')
    const up = esa.start(['up'])
    expect(await says(up, '/sign-in/')).toMatch(/^ready in .*, one operator: Ada/m)
    const [{ stdout }, { checks }, { accounts }] = await Promise.all([
      esa.run(['status']),
      esa.json<Checks>('doctor'),
      esa.json<{ accounts: object[] }>('accounts', 'ls'),
    ])
    expect(stdout).toMatch(/one operator +Ada approves alone/)
    expect(checks).toContainEqual(
      expect.objectContaining({
        name: 'approvers',
        status: 'warning',
        message: 'one operator: Ada approves alone what may lose data',
      }),
    )
    expect(accounts).toMatchObject([{ name: 'Ada' }])
    up.kill('SIGTERM')
    await ended(up)
  })

  it('ends by a command, on the host', async () => {
    expect(await esa.json('login', '--no-single-operator')).toEqual({ ended: true, singleOperator: false })
    expect(await esa.json('status')).toMatchObject({ oneOperator: null })
    expect(await esa.json('login', '--no-single-operator')).toEqual({ ended: false, singleOperator: false })
  })

  it('ends by itself with the second person’s account, and is refused from then on', async () => {
    await esa.json('login', '--single-operator')
    expect(await esa.json('status')).toMatchObject({ oneOperator: 'Ada' })
    await esa.json('accounts', 'add', 'Bea')
    expect(await esa.json('status')).toMatchObject({ oneOperator: null })
    const { problem } = await esa.refused('login', '--single-operator')
    expect(problem.code).toBe('account.not-alone')
  })
})
