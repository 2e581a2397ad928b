import type { BackfillStep, VerifyStep } from '../model/plan.ts'
import type { StatementRisk } from './classify.ts'
import type { DrizzleRow } from './drizzle-row.ts'
import type { Effect } from './effects.ts'

/** What a step does. `session` sets something that later steps rely on: it is run again by every session that goes on. */
export type Work =
  | { kind: 'statement'; sql: string; transaction: boolean; rollback: string | null }
  | { kind: 'session'; sql: string }
  | { kind: 'backfill'; step: BackfillStep }
  | { kind: 'verify'; step: VerifyStep }

/** One thing that is done and recorded as done. */
export interface MigrationStep {
  /** Unique in its migration. */
  id: string
  /** Digest of what it runs: a step that was begun must not become another one. */
  hash: string
  /** What an approval of it is about: the text whose hash that is. */
  text: string
  /** One line for people. */
  about: string
  /** `expand` ... `contract`; null in a file of SQL. */
  phase: string | null
  risk: StatementRisk
  work: Work
  /** What it calls that is not known to be harmless, each as people read it; absent until it was judged on a target. */
  opaque?: string[]
  /** What it is made of was not all there to be resolved before the first step: it is judged again when it has run. */
  unresolved?: boolean
  /** What an earlier try of it was seen to do beyond what it says. */
  effects?: Effect[]
}

/** Whether a step may run: refuses by throwing. Called right before every step that is not done yet; an approval is used up by it. */
export type Authorise = (step: MigrationStep) => Promise<void>

/** A file of SQL or a plan, ready to be applied. */
export interface Migration {
  /** The name of its file, or a plan's id: what the ledger knows it by. */
  id: string
  hash: string
  steps: MigrationStep[]
  /** Phases that run only when they are named: something in them cannot be brought back. */
  held: string[]
  /** What its last step writes for Drizzle's own migrator, in the same transaction. */
  drizzle?: DrizzleRow
  /** The script that undoes it as a whole, where one was written. */
  down: string | null
}

/** The statement of a line for people, at most so long. */
const ABOUT_CHARS = 100

/** A text in one line, cut where it is long. */
export function oneLine(text: string, chars = ABOUT_CHARS): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= chars ? line : `${line.slice(0, chars - 1)}…`
}
