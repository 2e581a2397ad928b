import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectPool, createDatabase, ensureEmbeddedServer, stopEmbeddedServer } from '@esa/pg-server'
import { isEsaError } from '@esa/protocol'
import type { Argument, Command, Option } from 'commander'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkout, program } from '@esa/cli/testing'

/** What changes something, by its last word: all other commands of the table only look, a new one too. */
const CHANGING = new Set(
  (
    'up worker down migrate adopt retain open ack decline resolve withdraw snooze suppress unsuppress escalate reassign ' +
    'raise note add end send answer approve reject new stop resume ask import rotate freeze unfreeze apply rollback rm ' +
    'claim login create revoke remove override redeliver init mcp'
  ).split(' '),
)
/** What changes something by its whole name: `test` and `watch` of others look. Both simulations need no database. */
const CHANGING_PATHS = new Set(['db watch', 'webhooks test', 'demo', 'simulate'])

/** Looks of commands that also change something, or that look in another way. */
const OTHER_LOOKS = [
  'replay verify --all',
  'agents show layer-1 --metrics',
  'agents seat layer-1 --show',
  'db watch --target shop --live',
]

const codes = new Map<string, string>()
let home: string
let url: string
let pool: Pool
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-looks-'))
  await chmod(home, 0o755)
  url = await createDatabase((await ensureEmbeddedServer({ home })).adminUrl, 'empty')
  pool = await connectPool(url, { max: 1 })
  await writeFile(join(home, 'one.sql'), 'select 1')
  // The target is empty, too, and stays so.
  await program(0, true, checkout).parseAsync([...globals(), 'targets', 'add', 'shop', url], { from: 'user' })
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterAll(async () => {
  vi.restoreAllMocks()
  process.exitCode = 0
  await pool.end()
  await stopEmbeddedServer({ home, mode: 'immediate' })
  await rm(home, { recursive: true, force: true })
})

function commandsOf(command: Command, path: string[]): { path: string; call: string[] }[] {
  const own = command.commands.flatMap((child) => commandsOf(child, [...path, child.name()]))
  const wanted = command.options.filter(({ mandatory }) => mandatory)
  const call = [
    ...path,
    ...command.registeredArguments.map((one) => valueOf(one, path)),
    ...wanted.flatMap((one) => [one.long!, valueOf(one, path)]),
    ...(command.options.some(({ long }) => long === '--window') ? ['--window', '1s'] : []),
  ]
  return [{ path: path.join(' '), call }, ...own]
}

/** Something that a parser takes. */
function valueOf(one: Argument | Option, path: string[]): string {
  const name = one.name()
  if (one.argChoices?.[0] !== undefined) return one.argChoices[0]
  if (name === 'level') return 'chief'
  if (name === 'agent' || (name === 'id' && path[0] === 'agents')) return 'layer-1'
  if (['file', 'what', 'path', 'from', 'to'].includes(name)) return 'FOLDER/one.sql'
  if (name === 'sql') return 'select 1'
  return name === 'target' ? 'shop' : '01JZZZZZZZZZZZZZZZZZZZZZZZ'
}

const looks = commandsOf(program(0, true, checkout), [])
  .filter(({ path }) => !CHANGING_PATHS.has(path) && !CHANGING.has(path.split(' ').at(-1)!))
  .map(({ call }) => call)

const globals = (): string[] => ['--home', join(home, 'world'), '--database-url', url, '--json']

/** The code of the error that a call ends with. */
async function codeOf(call: string[]): Promise<string> {
  const args = call.map((word) => word.replace('FOLDER', home))
  const error: unknown = await program(0, true, checkout)
    .parseAsync([...globals(), ...args], { from: 'user' })
    .catch((thrown: unknown) => thrown)
  return isEsaError(error) ? error.code : ((error as { code?: string } | undefined)?.code ?? 'ok')
}

describe('a command that only looks', () => {
  it.each(
    [...looks, ...OTHER_LOOKS.map((call) => call.split(' '))].map((call) => [call.join(' '), call] as const),
  )('leaves an empty database empty: esa %s', async (_, call) => {
    const code = await codeOf(call)
    const { rows } = await pool.query(
      `select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('public', 'information_schema')
         union all select relname from pg_class where relnamespace = 'public'::regnamespace`,
    )
    expect(rows).toEqual([])
    codes.set(call.join(' '), code)
  })

  it('says what to do where it asks the runtime’s database', () => {
    const ends = new Map<string, string[]>()
    for (const [call, code] of codes) ends.set(code, [...(ends.get(code) ?? []), call])
    expect([...ends.keys()].toSorted()).toEqual([
      'commander.help',
      'ok',
      'store.schema-absent',
      'usage.seat',
      'workload.none',
    ])
    expect(ends.get('store.schema-absent')!.length).toBeGreaterThan(25)
  })
})
