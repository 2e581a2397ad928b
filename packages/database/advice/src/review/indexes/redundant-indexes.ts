import type { CatalogIndex, IndexKey } from './index-catalog.ts'

/** An index that another one makes superfluous. */
export interface Redundancy {
  kind: 'duplicate' | 'overlapping'
  index: CatalogIndex
  by: CatalogIndex
}

function sameKey(a: IndexKey, b: IndexKey): boolean {
  return (
    a.of === b.of &&
    a.collation === b.collation &&
    a.opclass === b.opclass &&
    a.options === b.options &&
    a.order === b.order
  )
}

function beginsWith(longer: CatalogIndex, shorter: CatalogIndex): boolean {
  return shorter.keys.every((key, at) => longer.keys[at] !== undefined && sameKey(key, longer.keys[at]))
}

/** Columns that an index-only scan gives. */
function gives(index: CatalogIndex): Set<string> {
  return new Set([...index.keys.map(({ of }) => of), ...index.included])
}

function covers(by: CatalogIndex, index: CatalogIndex): boolean {
  const given = gives(by)
  return index.included.every((column) => given.has(column))
}

/** Fillfactor decides how a B-tree grows, not what it finds; options of other methods may decide that. */
function sameStorage(a: CatalogIndex, b: CatalogIndex): boolean {
  return a.method === 'btree' || a.storage === b.storage
}

/** Two that promise the same about equal keys. */
function sameUniqueness(a: CatalogIndex, b: CatalogIndex): boolean {
  return (
    a.unique === b.unique &&
    a.immediate === b.immediate &&
    (!a.unique || a.nullsNotDistinct === b.nullsNotDistinct)
  )
}

function comparable(a: CatalogIndex, b: CatalogIndex): boolean {
  const usable = [a, b].every(({ valid, ready, live }) => valid && ready && live)
  return (
    usable &&
    a.oid !== b.oid &&
    a.tableOid === b.tableOid &&
    a.method === b.method &&
    a.predicate === b.predicate
  )
}

/** What something else relies on is never the one to go. */
export function isReliedOn(index: CatalogIndex): boolean {
  const { constraintType, replicaIdentity, clustered, referenced, attached } = index
  return (
    constraintType === 'x' || constraintType === 'p' || replicaIdentity || clustered || referenced || attached
  )
}

function isDuplicate(index: CatalogIndex, by: CatalogIndex): boolean {
  return (
    index.keys.length === by.keys.length &&
    beginsWith(by, index) &&
    sameUniqueness(index, by) &&
    sameStorage(index, by) &&
    index.included.toSorted().join() === by.included.toSorted().join() &&
    index.constraintType !== 'x' &&
    by.constraintType !== 'x'
  )
}

/** Of two duplicates the one that stays: what is relied on, then a constraint, then the first by name. */
function stays(a: CatalogIndex, b: CatalogIndex): CatalogIndex {
  const rank = (one: CatalogIndex): string =>
    [isReliedOn(one) ? 0 : 1, one.constraintType === null ? 1 : 0, one.name].join(' ')
  return rank(a) <= rank(b) ? a : b
}

/** Only a B-tree is of use by the first of its columns alone; only an index without a promise of its own can go. */
function isOverlapped(index: CatalogIndex, by: CatalogIndex): boolean {
  if (index.method !== 'btree' || index.unique || by.constraintType === 'x') return false
  if (!beginsWith(by, index) || !covers(by, index)) return false
  const larger = by.keys.length > index.keys.length || by.included.length > index.included.length || by.unique
  return larger && !isDuplicate(index, by)
}

/** Indexes that can go because another one does all they do, each with the one that stays. */
export function redundantIndexes(indexes: readonly CatalogIndex[]): Redundancy[] {
  const found: Redundancy[] = []
  for (const index of indexes) {
    if (isReliedOn(index)) continue
    const others = indexes.filter((other) => comparable(index, other))
    const twin = others.find((other) => isDuplicate(index, other) && stays(index, other) === other)
    // A deferrable constraint answers no ON CONFLICT and may be broken for a while: nothing is redundant because of it.
    const wider = others.filter((other) => isOverlapped(index, other) && other.immediate)
    const by = twin ?? wider.toSorted((a, b) => a.sizeBytes - b.sizeBytes)[0]
    if (by) found.push({ kind: twin ? 'duplicate' : 'overlapping', index, by })
  }
  return found
}
