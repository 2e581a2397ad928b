import type { Identity, SignInSettings } from '@esa/operations/identity-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProtocolWorld } from '../protocols/protocol-world.ts'
import { CLIENT, CookieBrowser, OpenIdProvider } from './openid-provider.ts'

let world: ProtocolWorld
let provider: OpenIdProvider
const admitted: Identity[] = []
const settings: SignInSettings = {
  issuer: 'http://127.0.0.1:1',
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  scopes: ['incidents:write'],
}

beforeAll(async () => {
  world = await ProtocolWorld.start({
    loopback: false,
    signIn: {
      settings,
      admit: async (identity) => {
        admitted.push(identity)
        await world.token('operator', ...settings.scopes)
        return (await world.store.listTokens()).at(-1)!.id
      },
    },
  })
  provider = await OpenIdProvider.start([`${world.url}/login/oidc/callback`])
  settings.issuer = provider.issuer
})
afterAll(async () => {
  await world.close()
  await provider.close()
})

const session = async (browser: CookieBrowser) =>
  (await browser.visit(`${world.url}/api/v1/session`)).response.json()

describe('a person', () => {
  it('signs in at the provider that the login page names, and is let in', async () => {
    provider.next = { subject: 'ada-1', name: 'Ada Lovelace' }
    const browser = new CookieBrowser()
    const login = await (await browser.visit(`${world.url}/login?next=/inbox`)).response.text()
    const link = /href="(\/login\/oidc[^"]*)"/.exec(login)?.[1]
    expect(login).toContain(`Sign in with ${new URL(provider.issuer).host}`)
    const { response } = await browser.visit(`${world.url}${link}`)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('url=/inbox')
    expect(admitted).toEqual([{ issuer: provider.issuer, subject: 'ada-1', display: 'Ada Lovelace' }])
    expect(await session(browser)).toMatchObject({ as: 'operator', scopes: ['incidents:write'] })
    expect(browser.cookieOf(new URL(world.url))).not.toContain('esa_sign_in')
  })

  it('is not let in by an answer that another browser requested, or that comes twice', async () => {
    const began = admitted.length
    const mine = new CookieBrowser()
    const isBack = ({ pathname }: URL): boolean => pathname === '/login/oidc/callback'
    const { url } = await mine.visit(`${world.url}/login/oidc`, { stop: isBack })
    const foreign = new CookieBrowser()
    const answer = await foreign.visit(url.href)
    expect([answer.response.status, await answer.response.text()]).toEqual([
      401,
      expect.stringContaining('began no sign-in'),
    ])
    expect((await mine.visit(url.href)).response.status).toBe(200)
    expect((await mine.visit(url.href)).response.status).toBe(401)
    expect(await session(foreign)).toMatchObject({ code: 'auth.token-required' })
    expect(admitted).toHaveLength(began + 1)
  })

  it('reads why it did not work, and is led to no other site', async () => {
    provider.next = null
    const browser = new CookieBrowser()
    const refused = await browser.visit(`${world.url}/login/oidc`)
    expect([refused.response.status, await refused.response.text()]).toEqual([
      401,
      expect.stringContaining('Not logged in: not signed in'),
    ])
    provider.next = { subject: 'ada-1' }
    const away = await browser.visit(`${world.url}/login/oidc?next=//evil.example`)
    expect(await away.response.text()).toContain('url=/"')
  })
})
