import { quoteIdentifier } from '../sql/identifiers.ts'
import type { Queryable } from '../sql/queryable.ts'
import { readStatements, refusal } from './read-statement.ts'
import type { TreeCall } from './resolved-tree.ts'
import { type CalledFunction, typeNames } from './tree-objects.ts'

/** One statement of a function's body, in several forms: the first that the server takes is what it would run. */
export interface BodyStatement {
  types: string[]
  forms: string[]
}

/** `BEGIN ATOMIC ... END` and `RETURN x` are not statements of their own. */
function textOf(body: string): string {
  const atomic = /^\s*BEGIN ATOMIC\b(.*)\bEND\s*$/is.exec(body)?.[1]
  return atomic ?? body.replace(/^\s*RETURN\b/i, 'select')
}

/**
 * The statements of a function in SQL with its arguments as parameters, so that the server says what they call. A name
 * that is not a column of the body means an argument, by itself, behind the function's name, or as the owner of a field; what the
 * last statement gives is cast to what the function returns.
 * @throws EsaError `sql.not-a-read` for a body that does more, or types that only a call with values would show.
 */
export async function bodyStatements(
  session: Queryable,
  one: CalledFunction,
  call: TreeCall,
): Promise<BodyStatement[]> {
  const readings = await readStatements(textOf(one.body ?? ''))
  const args = one.args.map(({ type, polymorphic }, at) => (polymorphic ? call.args[at] : type))
  const result = one.returns.polymorphic && one.returns.columns.length === 0 ? call.result : one.returns.type
  const oids = [...args, result]
  if (oids.includes(undefined)) throw refusal('it is called with types that the server does not say')
  const names = await typeNames(session, oids as number[])
  const last = lastForms(one, names.at(-1)!)
  const sources = argumentsOf(one)
  return readings.map(({ text }, at) => ({
    types: names.slice(0, -1),
    forms: (at === readings.length - 1 ? last : [WHOLE]).flatMap((form) =>
      sources.map((from) => statementOf(text, from, form)),
    ),
  }))
}

interface Form {
  list: string
  /** Columns of the body that are named; 0: all. */
  columns: number
}

const WHOLE: Form = { list: 'q.*', columns: 0 }

function statementOf(text: string, from: string[], { list, columns }: Form): string {
  const names = Array.from({ length: columns }, (_, at) => `c${at + 1}`)
  const named = columns === 0 ? 'q' : `q(${names.join(', ')})`
  return `select ${list} from ${[...from, `lateral (${text}\n) ${named}`].join(', ')}`
}

function lastForms({ returns }: CalledFunction, result: string): Form[] {
  const whole = { list: `q.c1::${result}`, columns: 1 }
  const { columns } = returns
  const each = {
    list: columns.map((type, at) => `q.c${at + 1}::${type}`).join(', '),
    columns: columns.length,
  }
  if (result === 'void') return [WHOLE]
  if (returns.composite) return [each, whole]
  if (columns.length > 0) return [each]
  return result === 'record' ? [WHOLE] : [whole, { list: `row(q.*)::${result}`, columns: 0 }]
}

/** The arguments by name; rows with their fields second, because a field may hide an argument. */
function argumentsOf({ name, args }: CalledFunction): string[][] {
  const named = args.flatMap((arg, at) =>
    arg.name === null ? [] : [{ ...arg, name: quoteIdentifier(arg.name), at: at + 1 }],
  )
  if (named.length === 0) return [[]]
  const all = named.map((arg) => `$${arg.at} as ${arg.name}`).join(', ')
  const plain = [`(select ${all}) as ${quoteIdentifier(name)}`]
  const rows = named
    .filter(({ composite }) => composite)
    .map((arg) => `(select ($${arg.at}).*) as ${arg.name}`)
  return rows.length === 0 ? [plain] : [plain, [...plain, ...rows]]
}
