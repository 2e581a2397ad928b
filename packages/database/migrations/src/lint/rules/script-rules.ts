import { executionOf, isConcurrent, isOfRights } from '@esa/database-catalog/sql'
import type { StatementFacts } from '../facts.ts'
import { namedRelations } from '../step-through.ts'
import type { Rule } from './rule.ts'
import type { ScriptView } from './script-view.ts'

/** SQLSTATE of what PostgreSQL refuses outside a transaction. */
const NO_TRANSACTION = '25P01'
const IN_TRANSACTION =
  'BEGIN before it and COMMIT after it; --assume-in-transaction where the tool wraps each file in a transaction'

const executionFailed: Rule = {
  id: 'execution-failed',
  severity: 'error',
  danger: 'The statement fails on the schema before it, so the migration would stop here.',
  safeWay: 'Mend it; or give the schema that it expects with --target or --schema.',
  check: ({ facts: { failure }, base }) => {
    if (failure === null) return []
    const unknown = base.size === 0 && /^(?:42P01|42703|42704|3F000|42883)$/.test(failure.sqlState ?? '')
    return [
      {
        message: failure.message,
        ...(unknown ? { fix: 'give the schema before with --target or --schema' } : {}),
        ...(failure.sqlState === NO_TRANSACTION ? { fix: IN_TRANSACTION } : {}),
      },
    ]
  },
}

const notExecuted: Rule = {
  id: 'not-executed',
  severity: 'info',
  danger: 'The statement was read only: what it locks was not seen.',
  safeWay: 'Try it where it can run.',
  check: ({ facts: { untried } }) => (untried === null || isOfRights(untried) ? [] : [{ message: untried }]),
}

const unmeasured: Rule = {
  id: 'unmeasured',
  severity: 'warning',
  danger:
    'The statement needs a right that nothing has where it was tried, or something that such a statement makes: what it locks and rewrites was not seen, and nothing is said of it.',
  safeWay: 'Try it by hand on a copy, as the role that will run it.',
  check: ({ facts: { untried } }) => (untried !== null && isOfRights(untried) ? [{ message: untried }] : []),
}

const serverFiles: Rule = {
  id: 'server-files',
  severity: 'warning',
  danger: 'COPY with a file or a program reads, writes and runs things on the database server.',
  safeWay: 'COPY FROM STDIN, or \\copy of psql.',
  check: ({ facts: { statement } }) => {
    const copy = 'CopyStmt' in statement.node ? statement.node.CopyStmt : undefined
    if (copy?.filename === undefined) return []
    return [
      {
        message:
          copy.is_program === true ? 'it runs a program on the server' : 'it uses a file of the server',
      },
    ]
  },
}

const serverWide: Rule = {
  id: 'server-wide',
  severity: 'warning',
  danger: 'The statement changes the whole server, for databases that the migration is not about too.',
  safeWay: 'Keep it out of a migration: with the rest of the server’s configuration.',
  check: ({ facts: { statement } }) =>
    /^(?:AlterSystem|CreateTableSpace|DropTableSpace|AlterTableSpaceOptions|Createdb|AlterDatabase)/.test(
      statement.kind,
    )
      ? [{ message: 'it is not about this database alone' }]
      : [],
}

/** What was found for a file: each of its statements asks. */
const CARELESS = new WeakMap<ScriptView, StatementFacts[]>()

/** Statements that fail when the file is run again. Where the last statement fails, nothing of it is there. */
function carelessOf(script: ScriptView): StatementFacts[] {
  const known = CARELESS.get(script)
  if (known !== undefined) return known
  const found = script.facts.slice(0, -1).filter((one, nth) => isCareless(one) && !isTemporary(script, nth))
  CARELESS.set(script, found)
  return found
}

const notRepeatable: Rule = {
  id: 'not-repeatable',
  severity: 'info',
  danger:
    'Outside a transaction, a file that stopped half-way cannot simply be run again: what is there already fails. Each statement is tried twice.',
  safeWay:
    'IF NOT EXISTS or IF EXISTS, a DROP ... IF EXISTS before it where there is no such form, or one transaction.',
  check: ({ script, at }) => {
    const { facts } = script
    const careless = carelessOf(script)
    // Once a file is enough.
    if (careless[0] === undefined || facts[at] !== careless[0]) return []
    const more = careless.length - 1
    const others = more === 0 ? '' : `, and so do ${more} more`
    return [{ message: `it fails when the file is run again after an error further on${others}` }]
  },
}

function isCareless(facts: StatementFacts): boolean {
  const { statement, transaction, failsAgain } = facts
  const { node } = statement
  if (transaction !== null) return false
  if (failsAgain !== undefined) return failsAgain
  // What cannot be tried twice is judged by its text.
  if (facts.failure !== null || !(isConcurrent(node) || executionOf(node) === 'never')) return false
  const [kind = '', body] = Object.entries(node)[0] ?? []
  const { if_not_exists: ifNot, missing_ok: ifThere, idxname = '' } = (body ?? {}) as Written
  if (kind === 'IndexStmt') return ifNot !== true && idxname !== ''
  return (
    /^(?:Create|Drop|AlterTableStmt)/.test(kind) &&
    ifNot !== true &&
    ifThere !== true &&
    kind !== 'DropOwnedStmt'
  )
}

/** What says in a statement's text that it may be run twice. */
interface Written {
  if_not_exists?: boolean
  missing_ok?: boolean
  idxname?: string
}

/** True for what ends with the session: a temporary table, and what is done to it. */
function isTemporary({ facts }: ScriptView, at: number): boolean {
  const names = [...namedRelations(facts[at]!.statement.node)]
  return names.some(
    ({ relname, schemaname, relpersistence }) =>
      relpersistence === 't' ||
      schemaname === 'pg_temp' ||
      (schemaname === undefined && isMadeTemporary(facts.slice(0, at), relname)),
  )
}

/** True when the last that made a relation of this name made it temporary. */
function isMadeTemporary(earlier: readonly StatementFacts[], name: string | undefined): boolean {
  const made = earlier
    .map(({ statement: { node } }) => {
      if ('CreateStmt' in node) return node.CreateStmt.relation
      if ('CreateTableAsStmt' in node) return node.CreateTableAsStmt.into?.rel
      if ('CreateSeqStmt' in node) return node.CreateSeqStmt.sequence
      return 'ViewStmt' in node ? node.ViewStmt.view : undefined
    })
    .findLast((relation) => relation?.relname === name)
  return made !== undefined && made.relpersistence === 't'
}

/** Findings that no check of a statement gives: they are about the text around it. */
function aboutText(rule: Omit<Rule, 'check'>): Rule {
  return { ...rule, check: () => [] }
}

/** Commands of psql. */
export const metaCommand = aboutText({
  id: 'psql-meta-command',
  severity: 'error',
  danger:
    'Only psql knows commands that begin with a backslash; a migration tool sends them to the server, which refuses them.',
  safeWay: 'SQL alone.',
})

/** `-- esa:allow RULE` without a reason. */
export const allowWithoutReason = aboutText({
  id: 'allow-without-reason',
  severity: 'warning',
  danger: 'The reason for accepting the danger is missing. The finding remains.',
  safeWay: '-- esa:allow RULE reason',
})

/** `-- esa:allow` with an unknown rule. */
export const allowUnknownRule = aboutText({
  id: 'allow-unknown-rule',
  severity: 'warning',
  danger: 'There is no rule of that name, so nothing was accepted.',
  safeWay: 'A name from this list.',
})

/** `-- esa:allow` for what was not found. */
export const allowUnused = aboutText({
  id: 'allow-unused',
  severity: 'info',
  danger: 'The rule finds nothing here; the marker would hide it when it does.',
  safeWay: 'Remove the marker.',
})

/** Rules about whether and how a statement could be tried. */
export const SCRIPT_RULES: readonly Rule[] = [
  executionFailed,
  notExecuted,
  unmeasured,
  serverFiles,
  serverWide,
  notRepeatable,
  metaCommand,
  allowWithoutReason,
  allowUnknownRule,
  allowUnused,
]
