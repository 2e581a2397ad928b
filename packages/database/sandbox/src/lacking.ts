import type { Finding, Lacking } from '@esa/database-catalog/sql'

/** Tables and other objects that a rehearsal lacks, by what its findings say. */
export function lackingOf(missing: readonly Finding[]): Lacking {
  const extensions = missing.flatMap(({ kind, evidence }) =>
    kind === 'extension-missing' ? [evidence['extension'] as string] : [],
  )
  return { extensions, objects: missing.flatMap(objectsOf) }
}

/** Tables that a copy should hold and does not, or without their rows: nothing that was done to them was seen. */
export function unseenTables(missing: readonly Finding[]): string[] {
  const tables = missing.flatMap(objectsOf).flatMap((what) => /^table (.+)$/.exec(what)?.[1] ?? [])
  const empty = missing.flatMap(({ kind, evidence }) =>
    kind === 'rows-missing'
      ? (evidence['tables'] as { relation: string }[]).map(({ relation }) => relation)
      : [],
  )
  // A finding shows some of its objects: a table may be among the others.
  const hidden = missing.flatMap(({ evidence: { count, objects } }) =>
    Array.isArray(objects) && Number(count) > objects.length
      ? [`${Number(count) - objects.length} more objects`]
      : [],
  )
  return [...new Set([...tables, ...empty, ...hidden])]
}

function objectsOf({ kind, evidence }: Finding): string[] {
  if (kind !== 'not-rehearsed' || !Array.isArray(evidence['objects'])) return []
  return (evidence['objects'] as { what?: string }[]).flatMap(({ what }) => what ?? [])
}
