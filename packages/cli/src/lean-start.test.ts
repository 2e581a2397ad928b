import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** What is heavy to load: the SQL parser and what is built on it, the Markdown parser, the log, the HTTP edge. */
const HEAVY = ['/libpg-query/', '/packages/database/', '/mdast-util-from-markdown/', '/pino/', '/hono/']

/** The heavy ones that a command's module brings along before it does anything. */
function heavyIn(command: string): string[] {
  const code = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import(${JSON.stringify(new URL(`commands/${command}.ts`, import.meta.url).href)})
    console.log(JSON.stringify(${JSON.stringify(HEAVY)}.filter((heavy) => loaded.some((url) => url.includes(heavy)))))`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as string[]
}

it.each(['incidents', 'show-incidents', 'inbox', 'accounts', 'replay-verify', 'tokens'])(
  '%s loads nothing that is heavy before it is needed',
  (command) => expect(heavyIn(command)).toEqual([]),
)
