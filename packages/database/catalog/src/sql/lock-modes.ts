/** PostgreSQL's table lock modes as pg_locks names them, the weakest first. Source: chapter 13.3.1 of the PostgreSQL manual. */
const MODES = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
] as const

/** A table lock mode as pg_locks names it. */
export type LockMode = (typeof MODES)[number]

/** Whom a statement keeps waiting: `ddl` is work on the schema and VACUUM; what blocks writes blocks that too. */
export type Blocks = 'nothing' | 'ddl' | 'writes' | 'reads and writes'

/** A lock on a relation, named as `schema.relation`. */
export interface RelationLock {
  relation: string
  mode: LockMode
}

/** What each mode keeps others from; the least it does is to conflict with AccessExclusiveLock, which DDL takes. */
const BLOCKS: Record<LockMode, Blocks> = {
  AccessShareLock: 'ddl',
  RowShareLock: 'ddl',
  RowExclusiveLock: 'ddl',
  ShareUpdateExclusiveLock: 'ddl',
  ShareLock: 'writes',
  ShareRowExclusiveLock: 'writes',
  ExclusiveLock: 'writes',
  AccessExclusiveLock: 'reads and writes',
}

const SEVERITY: Blocks[] = ['nothing', 'ddl', 'writes', 'reads and writes']

/** Whom the locks together keep waiting. */
export function blocksOf(locks: readonly RelationLock[]): Blocks {
  const worst = Math.max(0, ...locks.map(({ mode }) => SEVERITY.indexOf(BLOCKS[mode])))
  return SEVERITY[worst]!
}

/** True when a mode keeps writes waiting, and perhaps reads. */
export function blocksWrites(mode: LockMode): boolean {
  return SEVERITY.indexOf(BLOCKS[mode]) >= SEVERITY.indexOf('writes')
}

/** The strongest mode on each relation, by relation. */
export function strongest(locks: readonly RelationLock[]): RelationLock[] {
  const modes = new Map<string, LockMode>()
  for (const { relation, mode } of locks) {
    const known = modes.get(relation)
    if (known === undefined || MODES.indexOf(known) < MODES.indexOf(mode)) modes.set(relation, mode)
  }
  return [...modes]
    .map(([relation, mode]) => ({ relation, mode }))
    .toSorted((a, b) => (a.relation < b.relation ? -1 : 1))
}

/** Locks in the order of their strength, those of one strength by name. */
export function strongestFirst(locks: readonly RelationLock[]): RelationLock[] {
  return locks.toSorted(
    (a, b) => MODES.indexOf(b.mode) - MODES.indexOf(a.mode) || (a.relation < b.relation ? -1 : 1),
  )
}
