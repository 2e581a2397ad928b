import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { HARMFUL_STABLE, HARMLESS_VOLATILE, TO_XML } from './reviewed-functions.ts'

const FILE = join(import.meta.dirname, '../src/guard/harmless.generated.json')

const HELP = `Writes the list of built-in functions that the guard lets through, from the catalogs of real servers.
Each URL names an unchanged server of one major; what the file says of other majors is kept.

Usage: node packages/database/catalog/testing/generate-harmless.ts URL...

Example:
  node packages/database/catalog/testing/generate-harmless.ts postgresql://postgres@127.0.0.1:5415/postgres
`

/**
 * What takes a `cstring` reads text as a type that an argument names, and runs that type's checks: as the input function
 * of a type it is judged with the type, as a call it is refused.
 */
const BUILT_IN = `select case n.nspname when 'pg_catalog' then '' else n.nspname || '.' end || p.proname || '(' ||
    oidvectortypes(p.proargtypes) || ')' as signature, p.proname as name, p.provolatile as volatility
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.oid < 16384 and p.prokind <> 'p' and 'cstring'::regtype <> all (p.proargtypes::oid[])`

interface BuiltIn {
  signature: string
  name: string
  volatility: string
}

function isHarmless({ name, volatility }: BuiltIn): boolean {
  if (HARMFUL_STABLE.has(name) || TO_XML.test(name)) return false
  return volatility !== 'v' || HARMLESS_VOLATILE.has(name)
}

async function harmlessOf(url: string): Promise<{ major: number; signatures: string[] }> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: version } = await client.query(
      `select current_setting('server_version_num')::int / 10000 as major`,
    )
    const { rows } = await client.query(BUILT_IN)
    const signatures = (rows as BuiltIn[]).filter(isHarmless).map(({ signature }) => signature)
    return { major: version[0].major as number, signatures }
  } finally {
    await client.end()
  }
}

const urls = process.argv.slice(2)
if (urls.length === 0 || urls.includes('--help')) {
  process.stdout.write(HELP)
  process.exit(urls.length === 0 ? 2 : 0)
}
const known = JSON.parse(await readFile(FILE, 'utf8').catch(() => '{}')) as Record<string, string[]>
const majorsOf = new Map<string, Set<number>>()
const note = (signature: string, major: number): void =>
  void majorsOf.set(signature, (majorsOf.get(signature) ?? new Set()).add(major))
const fresh = await Promise.all(urls.map(harmlessOf))
for (const [majors, signatures] of Object.entries(known))
  for (const major of majors.split(' ').map(Number))
    if (!fresh.some((one) => one.major === major)) for (const one of signatures) note(one, major)
for (const { major, signatures } of fresh) for (const one of signatures) note(one, major)
const lists: Record<string, string[]> = {}
for (const [signature, majors] of [...majorsOf].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  (lists[[...majors].toSorted((a, b) => a - b).join(' ')] ??= []).push(signature)
const sorted = Object.fromEntries(Object.entries(lists).toSorted(([a], [b]) => (a < b ? -1 : 1)))
await writeFile(FILE, `${JSON.stringify(sorted, null, 2)}\n`)
for (const { major, signatures } of fresh)
  process.stdout.write(`PostgreSQL ${major}: ${signatures.length} functions\n`)
