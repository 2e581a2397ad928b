import {
  beginDeviceSignIn,
  beginSignIn,
  finishSignIn,
  type SignInSettings,
} from '@esa/operations/identity-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENT, CookieBrowser, OpenIdProvider } from './openid-provider.ts'

const BACK = 'http://127.0.0.1:1/login/oidc/callback'

let provider: OpenIdProvider
let settings: SignInSettings
beforeAll(async () => {
  provider = await OpenIdProvider.start([BACK])
  settings = {
    issuer: provider.issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    scopes: ['incidents:write'],
  }
})
afterAll(() => provider.close())

/** Signs the provider's next person in, and gives what the browser came back with. */
async function comeBack(): Promise<{
  url: URL
  pending: Awaited<ReturnType<typeof beginSignIn>>['pending']
}> {
  const { url, pending } = await beginSignIn(settings, BACK)
  const { url: returned } = await new CookieBrowser().visit(url.href, {
    stop: ({ href }) => href.startsWith(BACK),
  })
  return { url: returned, pending }
}

describe('signing in', () => {
  it('names a person by issuer and subject, whatever they are called', async () => {
    provider.next = { subject: 'ada-1', name: 'Ada Lovelace' }
    const first = await comeBack()
    expect(await finishSignIn(settings, first.url, first.pending)).toEqual({
      issuer: provider.issuer,
      subject: 'ada-1',
      display: 'Ada Lovelace',
    })
    provider.next = { subject: 'eve-2', name: 'Ada Lovelace' }
    const second = await comeBack()
    expect(await finishSignIn(settings, second.url, second.pending)).toMatchObject({ subject: 'eve-2' })
  })

  it('takes a code once, and only from the browser that began', async () => {
    provider.next = { subject: 'ada-1' }
    const [mine, other] = [await comeBack(), await comeBack()]
    for (const stolen of [
      { ...other.pending, state: mine.pending.state },
      { ...mine.pending, verifier: other.pending.verifier },
      { ...mine.pending, state: other.pending.state },
    ]) {
      await expect(finishSignIn(settings, mine.url, stolen)).rejects.toMatchObject({
        code: 'auth.sign-in-refused',
        kind: 'terminal',
      })
    }
    const fresh = await comeBack()
    await expect(
      finishSignIn(settings, fresh.url, { ...fresh.pending, nonce: other.pending.nonce }),
    ).rejects.toMatchObject({ code: 'auth.sign-in-refused' })
    const again = await comeBack()
    await finishSignIn(settings, again.url, again.pending)
    await expect(finishSignIn(settings, again.url, again.pending)).rejects.toMatchObject({
      code: 'auth.sign-in-refused',
    })
  })

  it('says that the person refused, or that no provider answers', async () => {
    provider.next = null
    const { url, pending } = await comeBack()
    await expect(finishSignIn(settings, url, pending)).rejects.toMatchObject({ code: 'auth.sign-in-refused' })
    await expect(beginSignIn({ ...settings, issuer: 'http://127.0.0.1:1' }, BACK)).rejects.toMatchObject({
      code: 'auth.provider-unreachable',
      kind: 'transient',
      hint: expect.stringContaining('ESA_OIDC_ISSUER'),
    })
    await expect(beginSignIn({ ...settings, issuer: 'http://provider.invalid' }, BACK)).rejects.toMatchObject(
      {
        code: 'config.invalid',
        hint: expect.stringContaining('https'),
      },
    )
  })

  it('works on a terminal by a code that the person confirms in a browser', async () => {
    provider.next = { subject: 'ada-1', name: 'Ada Lovelace' }
    const device = await beginDeviceSignIn(settings)
    expect(device.url).toContain(device.code)
    const finished = device.finish()
    const browser = new CookieBrowser()
    const { response } = await browser.visit(device.url)
    const page = await response.text()
    const form = Object.fromEntries(
      [...page.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    ) as Record<string, string>
    await browser.visit(`${provider.issuer}/device`, {
      form: { ...form, user_code: device.code, confirm: 'yes' },
    })
    expect(await finished).toMatchObject({ subject: 'ada-1', display: 'Ada Lovelace' })
  })
})
