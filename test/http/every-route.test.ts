import { type Scope, SCOPES } from '@esa/protocol'
import { edge, Feed } from '@esa/server'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACCESS, type Access, covers, WORDS } from './access-table.ts'
import { HttpWorld, TOOLS } from './http-world.ts'

let world: HttpWorld
let found: string[]
const tokens = new Map<Scope, string>()
beforeAll(async () => {
  world = await HttpWorld.start({ loopback: false })
  const feed = await Feed.start(world.world.store, pino({ level: 'silent' }))
  const app = edge(world.world.ports({ tools: TOOLS }), feed)
  await feed.stop()
  found = [...new Set(handlersOf(app.routes).flatMap(expanded))].toSorted()
  for (const scope of SCOPES) tokens.set(scope, await world.world.token('operator', scope))
})
afterAll(() => world.close())

/** A guard is in front of many paths, or of a path that another part answers; everything else is a route. */
function handlersOf(routes: { method: string; path: string }[]): { method: string; path: string }[] {
  const answered = new Set(routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path))
  return routes.filter(({ method, path }) => method !== 'ALL' || !(path.endsWith('*') || answered.has(path)))
}

function expanded({ method, path }: { method: string; path: string }): string[] {
  const place = Object.keys(WORDS).find((name) => path.endsWith(name))
  const paths = place === undefined ? [path] : WORDS[place]!.map((word) => path.replace(place, word))
  return paths.map((one) => `${method} ${one}`)
}

/** How a route answers a holder of this token: the status, and what is wrong with the caller, if that is what is wrong. */
async function asked(route: string, token?: string): Promise<{ status: number; refused: string | null }> {
  const [method, path] = route.split(' ') as [string, string]
  const abort = new AbortController()
  const place = path.replace(':agent', 'layer-1').replaceAll(/:\w+/g, 'nothing-of-this-name')
  const response = await fetch(`${world.world.url}${place}`, {
    method: method === 'ALL' ? 'POST' : method,
    redirect: 'manual',
    headers: {
      'content-type': path.startsWith('/log') ? 'application/x-www-form-urlencoded' : 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(method === 'GET' ? {} : { body: path.startsWith('/log') ? '' : '{}' }),
    signal: abort.signal,
  })
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') === true
  const code = isProblem ? ((await response.json()) as { code: string }).code : ''
  // A stream of events does not end by itself.
  abort.abort()
  return { status: response.status, refused: code.startsWith('auth.') ? code : null }
}

describe('every route of the server', () => {
  it('is in the table of who may call it, and the table has no other', () => {
    expect(found).toEqual(Object.keys(ACCESS).toSorted())
  })

  it.each(Object.entries(ACCESS))('%s takes: %s', async (route, access: Access) => {
    const closed = (refused: string) =>
      access === 'everybody' ? { refused: null } : { status: 401, refused }
    expect(await asked(route)).toMatchObject(closed('auth.token-required'))
    expect(await asked(route, `esa_${'A'.repeat(43)}`)).toMatchObject(closed('auth.token-unknown'))
    for (const scope of SCOPES) {
      const { status, refused } = await asked(route, tokens.get(scope))
      const may = covers(scope, access)
      expect({ scope, status: status === 403 ? 403 : 0, refused }).toEqual({
        scope,
        status: may ? 0 : 403,
        refused: may ? null : 'auth.scope',
      })
    }
  })
})
