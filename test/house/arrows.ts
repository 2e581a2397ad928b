import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { factsOf, type SourceFile } from './source-files.ts'

/** The entries of the database toolkit. */
const TOOLKIT =
  'database-catalog database-catalog/sql database-catalog/guard database-sandbox database-migrations/lint database-migrations/plan database-migrations/apply database-migrations/verify database-advice/advise database-advice/queries database-advice/review database-advice/measure'.split(
    ' ',
  )

const CATALOG = TOOLKIT.filter((entry) => entry.startsWith('database-catalog'))

const RUNTIME =
  'protocol org org/cards actor pg-server notify store store/sealed-log runtime behavior escalation agents simulator operations operations/* server console console/*'.split(
    ' ',
  )

/**
 * The arrows of the house: what each room may import of our own rooms. A room that is not here may not exist.
 * `room/*` is every further entry of that room. Source: AGENTS.md, "Rooms and arrows".
 */
const ARROWS: Record<string, readonly string[]> = {
  protocol: [],
  org: ['protocol'],
  actor: ['protocol'],
  'pg-server': ['protocol'],
  'database-catalog': ['protocol'],
  'database-sandbox': ['protocol', ...CATALOG],
  'database-migrations': ['protocol', ...CATALOG, 'database-sandbox'],
  'database-advice': ['protocol', ...CATALOG, 'database-sandbox'],
  notify: ['protocol'],
  store: ['protocol', 'actor', 'pg-server'],
  runtime: ['protocol', 'org', 'actor', 'store'],
  escalation: ['protocol', 'org', 'actor'],
  behavior: ['protocol', 'org', 'actor'],
  agents: ['protocol', 'org', 'actor', 'behavior'],
  operations: ['protocol', 'org', 'actor', 'behavior', 'store', 'runtime', 'escalation'],
  server: [
    'protocol',
    'org',
    'actor',
    'behavior',
    'store',
    'runtime',
    'escalation',
    'operations',
    'operations/*',
  ],
  console: ['protocol', 'escalation', 'server'],
  simulator: ['protocol', 'org', 'actor', 'store', 'runtime', 'behavior', 'escalation', 'agents'],
  cli: RUNTIME,
  // The database product is a plugin: nothing imports it, and it names no agent.
  database: [...RUNTIME.filter((room) => room !== 'agents'), 'cli/plugin-kit', ...TOOLKIT],
  test: [...RUNTIME, 'cli'],
}

/**
 * The folders inside the toolkit's packages: what each imports. It may also import what those import, and nothing else,
 * so that no two of them need each other.
 */
const FOLDERS: Record<string, readonly string[]> = {
  'catalog/sql': [],
  'catalog/catalog': ['catalog/sql'],
  'catalog/guard': ['catalog/sql', 'catalog/catalog'],
  sandbox: ['catalog/catalog', 'catalog/guard'],
  'migrations/lint': ['sandbox'],
  'migrations/plan': ['sandbox'],
  'migrations/verify': ['migrations/plan'],
  'migrations/apply': ['migrations/verify', 'migrations/plan', 'migrations/lint'],
  'advice/review': ['sandbox'],
  'advice/measure': ['advice/review'],
  'advice/advise': ['advice/measure'],
  'advice/queries': ['advice/advise'],
}

/** Rooms that decide: no I/O, no clock, no randomness, so that every decision can be replayed. */
const PURE_ROOMS: ReadonlySet<string> = new Set([
  'protocol',
  'org',
  'actor',
  'behavior',
  'escalation',
  'agents',
])

/** A test may start real servers, parse a card, and meet the schema of a version to come: equipment, not a dependency of the product. */
const TEST_EQUIPMENT: readonly string[] = [
  'org/cards',
  'pg-server',
  'pg-server/testing',
  'cli/testing',
  'test/testing',
  'runtime/testing',
  'store/testing',
  'notify/testing',
  'database-catalog/testing',
  'database-sandbox/testing',
]

/** A test, or what only tests use. */
export const isEquipment = (path: string): boolean =>
  /\.(?:test|fixture)\.tsx?$|\/(?:testing|e2e|bench)\/|^test\//.test(path)

/** The part of a package.json that the arrows concern. */
export interface Manifest {
  name: string
  exports?: Record<string, string>
  dependencies?: Record<string, string>
}

/** The room a file belongs to; undefined for files of the root. */
function roomOf(path: string): string | undefined {
  const [top, second, third] = path.split('/')
  if (top === 'packages' && second === 'database') return third === 'plugin' ? second : `database-${third}`
  if (top === 'packages') return second
  return top === 'agents' || top === 'escalation' || top === 'test' ? top : undefined
}

/** Each import of the file that breaks an arrow, as `file:line  why`. `manifests` are keyed by package name. */
export function brokenArrows(file: SourceFile, manifests: ReadonlyMap<string, Manifest>): string[] {
  const room = roomOf(file.path)
  if (room === undefined) return []
  const isTest = isEquipment(file.path)
  return factsOf(file).imports.flatMap(({ specifier, line }) => {
    let why = specifier.startsWith('.')
      ? relativeFault(file.path, room, specifier)
      : packageFault(room, isTest, specifier, manifests)
    why ??= isTest ? undefined : folderFault(file.path, specifier)
    return why === undefined ? [] : [`${file.path}:${line}  ${why}`]
  })
}

/** Each own package in a manifest's dependencies that its room has no arrow to. */
export function brokenManifest(manifest: Manifest): string[] {
  const room = manifest.name.replace('@esa/', '')
  const allowed = ARROWS[room]
  if (!allowed) return [`${manifest.name}  is not a room of the house: add its arrows first`]
  const wanted = new Set(allowed.map((entry) => entry.split('/')[0]))
  return Object.keys(manifest.dependencies ?? {})
    .filter((name) => name.startsWith('@esa/') && !wanted.has(name.replace('@esa/', '')))
    .map((name) => `${manifest.name}  depends on ${name} without an arrow`)
}

function relativeFault(path: string, room: string, specifier: string): string | undefined {
  const file = join(dirname(path), specifier)
  if (isEquipment(file) && !isEquipment(path)) return `imports test equipment by ${specifier}`
  const target = roomOf(file)
  return target === room ? undefined : `leaves its package by ${specifier}`
}

function packageFault(
  room: string,
  isTest: boolean,
  specifier: string,
  manifests: ReadonlyMap<string, Manifest>,
): string | undefined {
  if (PURE_ROOMS.has(room) && !isTest && (isBuiltin(specifier) || specifier === '')) {
    return specifier === '' ? 'imports what cannot be read from the source' : `pure, but imports ${specifier}`
  }
  const own = /^@esa\/([^/]+)(?:\/(.+))?$/.exec(specifier)
  if (!own) return undefined
  const [, name = '', subpath] = own
  const manifest = manifests.get(`@esa/${name}`)
  if (!manifest?.exports?.[subpath === undefined ? '.' : `./${subpath}`])
    return `${specifier} is not an entry`
  const target = subpath === undefined ? name : `${name}/${subpath}`
  // A test of the whole toolkit lies in one of its packages.
  const whole = isTest && room.startsWith('database-') ? [...TOOLKIT, 'database-migrations/testing'] : []
  const allowed = new Set([...(ARROWS[room] ?? []), ...(isTest ? TEST_EQUIPMENT : []), ...whole])
  return allowed.has(target) || allowed.has(`${name}/*`) ? undefined : `${room} has no arrow to ${target}`
}

/** The folder of the toolkit that a path of a file, or an entry of a package, belongs to; undefined outside of it. */
function folderOf(path: string, specifier?: string): string | undefined {
  const pattern =
    specifier === undefined
      ? /^packages\/database\/([^/]+)\/src\/([^/.]+)/
      : /^@esa\/database-([^/]+)(?:\/([^/]+))?$/
  const [, owner, inside = 'index'] = pattern.exec(specifier ?? path) ?? []
  if (owner === undefined || owner === 'plugin') return undefined
  if (owner === 'sandbox') return owner
  return `${owner}/${inside === 'index' ? owner : inside}`
}

function folderFault(path: string, specifier: string): string | undefined {
  const from = folderOf(path)
  if (from === undefined) return undefined
  if (!FOLDERS[from]) return `${from} is not a folder of the toolkit: add its arrows first`
  const to = specifier.startsWith('.') ? folderOf(join(dirname(path), specifier)) : folderOf('', specifier)
  return to === undefined || to === from || reachable(from).has(to)
    ? undefined
    : `${from} has no arrow to ${to}`
}

function reachable(folder: string): Set<string> {
  const direct = FOLDERS[folder] ?? []
  return new Set(direct.flatMap((next) => [next, ...reachable(next)]))
}
