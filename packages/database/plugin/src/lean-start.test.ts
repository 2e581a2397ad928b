import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** What is heavy to load: the SQL parser, the packages that are built on it, Drizzle, the log, the HTTP edge. */
const HEAVY = [
  '/libpg-query/',
  '/database/catalog/',
  '/database/advice/',
  '/drizzle-kit/',
  '/pino/',
  '/hono/',
]

/** The heavy ones that a module brings along before it does anything. */
function heavyIn(module: string): string[] {
  const code = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import(${JSON.stringify(new URL(module, import.meta.url).href)})
    console.log(JSON.stringify(${JSON.stringify(HEAVY)}.filter((heavy) => loaded.some((url) => url.includes(heavy)))))`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as string[]
}

it.each(['./index.ts', './commands/targets/targets.ts'])(
  '%s loads nothing that is heavy before it is needed',
  (module) => expect(heavyIn(module)).toEqual([]),
)
