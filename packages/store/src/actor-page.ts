import type { ActorState } from '@esa/actor'
import { type Json, type JsonObject, textOf } from '@esa/protocol'

/** A step on a path into a document: a member's name, or the number of a list's item that another path holds. */
type PathStep = string | { at: string[] }

/** Which actors of a type, the newest first: at most `limit`, those before `before` in that order. */
export interface ActorPageQuery {
  type: string
  live?: boolean
  status?: string
  /** Members of the context that must be so. */
  where?: { path: PathStep[]; is: Json }[]
  /** Text that one of these members of the context holds, whatever the case. */
  search?: { text: string; in: string[][] }
  before?: string
  limit: number
}

/** The page in the memory of a process: `actors` in any order. */
export function pageOf<Actor extends { state: ActorState }>(
  actors: Iterable<Actor>,
  query: ActorPageQuery,
): Actor[] {
  const { type, live, status, where = [], search, before, limit } = query
  return [...actors]
    .filter(({ state }) => state.type === type && (live === undefined || state.live === live))
    .filter(({ state }) => status === undefined || state.status === status)
    .filter(({ state: { id } }) => before === undefined || id < before)
    .filter(({ state: { snapshot } }) =>
      where.every(({ path, is }) => JSON.stringify(memberAt(snapshot.context, path)) === JSON.stringify(is)),
    )
    .filter(({ state: { snapshot } }) => search === undefined || isFoundIn(snapshot.context, search))
    .toSorted((a, b) => (a.state.id < b.state.id ? 1 : -1))
    .slice(0, limit)
}

/**
 * The same as SQL, with its values. `columns` is what to select. The primary key gives the order: incidents are nearly all
 * that this table grows by, so that walking it backwards meets a page of them soon.
 */
export function pageSql(columns: string, query: ActorPageQuery): { text: string; values: unknown[] } {
  const { type, live, status, where = [], search, before, limit } = query
  const values: unknown[] = [type]
  const value = (given: unknown): string => `$${values.push(given)}`
  const member = (path: PathStep[]): string => {
    const steps = path.map((step) =>
      typeof step === 'string'
        ? `${value(step)}::text`
        : `snapshot #>> ${value(['context', ...step.at])}::text[]`,
    )
    return `array['context', ${steps.join(', ')}]`
  }
  const conditions = [
    'type = $1',
    ...(live === undefined ? [] : [`live = ${value(live)}`]),
    ...(status === undefined ? [] : [`status = ${value(status)}`]),
    ...(before === undefined ? [] : [`id < ${value(before)}`]),
    ...where.map(({ path, is }) => `snapshot #> ${member(path)} = ${value(JSON.stringify(is))}::jsonb`),
    ...(search === undefined || search.in.length === 0
      ? []
      : [`(${search.in.map((path) => contains(member(path), value(search.text))).join(' or ')})`]),
  ]
  const text = `select ${columns} from esa.actors where ${conditions.join(' and ')}
    order by id desc limit ${value(limit)}`
  return { text, values }
}

function contains(path: string, text: string): string {
  return `strpos(lower(snapshot #>> ${path}), lower(${text}::text)) > 0`
}

function isFoundIn(context: JsonObject, { text, in: paths }: { text: string; in: string[][] }): boolean {
  return paths.some((path) => {
    const member = memberAt(context, path)
    return typeof member === 'string' && member.toLowerCase().includes(text.toLowerCase())
  })
}

function memberAt(context: JsonObject, path: PathStep[]): Json | undefined {
  let found: Json | undefined = context
  for (const step of path) {
    const name = typeof step === 'string' ? step : textOf(memberAt(context, step.at))
    found =
      typeof found === 'object' && found !== null
        ? (found as Record<string, Json | undefined>)[name]
        : undefined
  }
  return found
}
