import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Configuration, Provider } from 'oidc-provider'

/** The client that the runtime is to this provider. */
export const CLIENT = { id: 'esa', secret: 'a secret of the tests' }

/**
 * A real OpenID provider on this machine. A browser that comes is signed in as the person in `next`; no password is typed.
 * It speaks the code flow with PKCE and the device grant, and signs its ID tokens.
 */
export class OpenIdProvider {
  readonly issuer: string
  /** Who signs in next; null: they refuse. */
  next: { subject: string; name?: string } | null = null
  readonly #server: Server

  private constructor(server: Server, issuer: string) {
    this.#server = server
    this.issuer = issuer
  }

  /** Starts it for a client that comes back to these URLs. */
  static async start(redirectUris: string[]): Promise<OpenIdProvider> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const running = new OpenIdProvider(server, issuer)
    const names = new Map<string, string>()
    const configuration: Configuration = {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: redirectUris,
          grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
          response_types: ['code'],
        },
      ],
      cookies: { keys: ['of the tests'] },
      claims: { profile: ['name'] },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true } },
      findAccount: (_, subject) => ({
        accountId: subject,
        claims: () => ({ sub: subject, name: names.get(subject) }),
      }),
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      renderError: (context, { error }) => void (context.body = error),
    }
    const provider = new Provider(issuer, configuration)
    provider.use(async (context, next) => {
      if (!context.path.startsWith('/interaction/')) return next()
      const { req, res } = context
      const { prompt, params, session } = await provider.interactionDetails(req, res)
      const person = running.next
      context.respond = false
      if (person === null) {
        return provider.interactionFinished(req, res, { error: 'access_denied' })
      }
      if (person.name !== undefined) names.set(person.subject, person.name)
      if (prompt.name === 'login') {
        const login = { accountId: person.subject, remember: false }
        return provider.interactionFinished(req, res, { login })
      }
      const grant = new provider.Grant({
        accountId: session!.accountId,
        clientId: String(params['client_id']),
      })
      grant.addOIDCScope('openid profile email')
      return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } })
    })
    const handle = provider.callback()
    server.on('request', (request, response) => void handle(request, response))
    return running
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** A browser as far as signing in needs one: it keeps cookies by origin and follows redirects until `stop` says so. */
export class CookieBrowser {
  readonly #cookies = new Map<string, Map<string, string>>()

  /** The last answer, and where it came from. */
  async visit(
    start: string,
    { method = 'GET', form, stop = () => false }: VisitOptions = {},
  ): Promise<{ url: URL; response: Response }> {
    let url = new URL(start)
    let init: RequestInit =
      form === undefined ? { method } : { method: 'POST', body: new URLSearchParams(form) }
    for (let hop = 0; hop < 20; hop++) {
      if (hop > 0 && stop(url)) return { url, response: new Response(null) }
      const response = await fetch(url, {
        ...init,
        redirect: 'manual',
        headers: { cookie: this.cookieOf(url), 'sec-fetch-site': 'same-origin', origin: url.origin },
      })
      this.#keep(url, response.headers.getSetCookie())
      const location = response.headers.get('location')
      if (location === null) return { url, response }
      await response.arrayBuffer()
      url = new URL(location, url)
      init = { method: 'GET' }
    }
    throw new Error(`too many redirects, the last to ${url.href}`)
  }

  /** The cookies that it would send. */
  cookieOf({ origin }: URL): string {
    return [...(this.#cookies.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  #keep({ origin }: URL, set: string[]): void {
    const jar = this.#cookies.get(origin) ?? new Map<string, string>()
    for (const line of set) {
      const [pair = ''] = line.split(';')
      const [name = '', ...value] = pair.split('=')
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value.join('='))
    }
    this.#cookies.set(origin, jar)
  }
}

interface VisitOptions {
  method?: string
  form?: Record<string, string>
  stop?: (url: URL) => boolean
}
