import { blocksWrites } from '@esa/database-catalog/sql'
import type { StatementFacts } from '../facts.ts'

/** A statement that makes something. */
interface Maker {
  at: number
  kind: string
  words: ReadonlySet<string>
  /** CREATE OR REPLACE. */
  replaces: boolean
}

/** A file's statements as rules look things up in them; all lists go by the statement's place. */
export interface ScriptView {
  facts: readonly StatementFacts[]
  /** Where a table of a name is made first. */
  madeAt: ReadonlyMap<string, number>
  /** Statements that make something, with the words in them. */
  makers: readonly Maker[]
  /** Live tables whose writers the statement keeps waiting. */
  blocked: readonly (readonly string[])[]
  /** Live tables whose writers wait already, by earlier statements of its transaction. */
  held: readonly (readonly string[])[]
  /** Earlier statements of its transaction begin here; its own place where there are none. */
  since: readonly number[]
}

/** What rules look up in a file; computed once, as it would take long to be searched by every statement. */
export function viewOf(facts: readonly StatementFacts[], base: ReadonlySet<number>): ScriptView {
  const madeAt = new Map<string, number>()
  const makers: Maker[] = []
  for (const [at, { statement }] of facts.entries()) {
    const { node, kind, text } = statement
    const made =
      'CreateStmt' in node
        ? node.CreateStmt.relation
        : 'CreateTableAsStmt' in node
          ? node.CreateTableAsStmt.into?.rel
          : undefined
    if (made?.relname !== undefined && !madeAt.has(made.relname)) madeAt.set(made.relname, at)
    if (/^(?:Create|View|Define|Composite)/.test(kind)) {
      makers.push({
        at,
        kind,
        words: new Set(text.split(/\W+/)),
        replaces: /^create\s+or\s+replace/i.test(text),
      })
    }
  }
  const blocked = facts.map((one) => blockedTables(one, base))
  return { facts, madeAt, makers, blocked, ...transactions(facts, blocked) }
}

function blockedTables({ locks, before }: StatementFacts, base: ReadonlySet<number>): string[] {
  return locks
    .filter(({ mode }) => blocksWrites(mode))
    .map(({ relation }) => relation)
    .filter((name) => {
      const relation = before.byName.get(name)
      return relation !== undefined && /[rpm]/.test(relation.kind) && base.has(relation.oid)
    })
}

function transactions(
  facts: readonly StatementFacts[],
  blocked: readonly (readonly string[])[],
): Pick<ScriptView, 'held' | 'since'> {
  const held: (readonly string[])[] = []
  const since: number[] = []
  let now: readonly string[] = []
  let start = 0
  for (const [at, { transaction }] of facts.entries()) {
    if (transaction === null || facts[at - 1]?.transaction !== transaction) [now, start] = [[], at]
    held.push(now)
    since.push(start)
    const added = blocked[at]!.filter((table) => !now.includes(table))
    if (added.length > 0) now = [...now, ...added]
  }
  return { held, since }
}
