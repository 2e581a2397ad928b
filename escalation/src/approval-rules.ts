import type { StepFacts } from '@esa/actor'
import { type AgentId, type Json, type JsonObject, personOf } from '@esa/protocol'

/**
 * How much a change takes. `additive` blocks nobody and is undone at will (CREATE INDEX CONCURRENTLY, ANALYZE, VALIDATE), `major`
 * is any other change of a schema, `destructive` may lose data. Source: docs/layer-1/authority.md.
 */
export const APPROVAL_KINDS = ['additive', 'major', 'destructive'] as const
export type ApprovalKind = (typeof APPROVAL_KINDS)[number]

/** How long an approval may be used, ms, by the store's clock and never scaled: what was true when it was given still is. */
export const APPROVAL_LIFE_MS = 15 * 60_000

/** Approvals that a destructive statement takes: no single account, stolen or careless, loses data. */
const NEEDED: Record<ApprovalKind, number> = { additive: 1, major: 1, destructive: 2 }

/** One approval that was given: by a seat, and by the person who sat there (null: its built-in playbook). */
export type Given = { as: string; by: string | null; at: number }

/** What an approval starts from. `reference` is the asker's own and comes back with every answer. */
export type ApprovalInput = {
  target: string
  statement: string
  hash: string
  kind: ApprovalKind
  askedBy: AgentId
  /** The person who asked in its name; null when the agent asked by itself. */
  by: string | null
  because: string
  evidence: JsonObject
  reference: JsonObject
  /** Agents that may approve: the asker's chief, and the CEO. */
  approvers: AgentId[]
  /** How long the chief has to answer before it goes up the asker's ladder, ms. */
  answerMs: number
}

/** What an approval carries through its life. */
export type ApprovalContext = ApprovalInput & {
  given: Given[]
  lapses: number
  armMs: number
  /** Persons who asked again; absent until somebody did. */
  askers?: string[]
  /** Who used it up; absent until then. */
  usedBy?: string
}

/**
 * What is asked of an approval. `hash` is that of the statement which whoever asks has before their eyes; `proposedBy` and
 * `kind` are who put it there, as which kind of change, where it was a proposal that was judged.
 */
export type ApprovalCommand = {
  type: 'approve' | 'reject' | 'withdraw' | 'use'
  as: string
  by?: string
  hash?: string
  because?: string
  target?: string
  kind?: ApprovalKind
  proposedBy?: string
}

/** The same statement, asked for while it is open: the body of a new request, as whoever asks sent it. */
export type ApprovalAgain = {
  type: 'open'
  askedBy?: Json
  by?: Json
  kind?: Json
  because?: Json
  evidence?: Json
  reference?: Json
}

/** Why an approval refuses a command. */
export type ApprovalRefusal =
  | 'approval.not-allowed'
  | 'approval.other-statement'
  | 'approval.other-kind'
  | 'approval.own-request'
  | 'approval.without-token'
  | 'approval.twice'
  | 'approval.missing'
  | 'approval.expired'
  | 'approval.over'

/** True when what was given is enough: of two approvals one is a person's. */
export function isComplete({ kind, given }: Pick<ApprovalContext, 'kind' | 'given'>): boolean {
  return given.length >= NEEDED[kind] && (kind !== 'destructive' || given.some(({ by }) => by !== null))
}

/** The reason to refuse a command for who asks and what they ask, or null. What a state refuses is the machine's own. */
export function approvalRefusal(
  context: ApprovalContext,
  command: ApprovalCommand & StepFacts,
): ApprovalRefusal | null {
  const { type, as, hash } = command
  if (command.facts.unreachable.includes(as)) return 'approval.not-allowed'
  switch (type) {
    case 'withdraw':
      return as === context.askedBy || as === 'operator' ? null : 'approval.not-allowed'
    case 'use':
      if (as !== context.askedBy && as !== 'operator') return 'approval.not-allowed'
      if (hash !== context.hash || command.target !== context.target) return 'approval.other-statement'
      return command.kind === context.kind ? null : 'approval.other-kind'
    case 'approve':
    case 'reject':
      return judging(context, command)
  }
}

/** The reason to refuse a request for what is asked for already, or null: it is whose it was, for the kind of change that it was. */
export function againRefusal(
  context: ApprovalContext,
  { askedBy, kind }: ApprovalAgain,
): ApprovalRefusal | null {
  if (askedBy !== context.askedBy) return 'approval.not-allowed'
  return kind === context.kind ? null : 'approval.other-kind'
}

/** Nobody judges what they asked for, in whatever seat; a person only with a token; nobody twice, by seat or by person. */
function judging(
  context: ApprovalContext,
  { type, as, by, hash, kind, proposedBy }: ApprovalCommand,
): ApprovalRefusal | null {
  const askers = [context.by ?? [], context.askers ?? []].flat()
  const own = by !== undefined && askers.some((asker) => samePerson(asker, by))
  if (as === context.askedBy || own) return 'approval.own-request'
  if (as !== 'operator' && !context.approvers.includes(as)) return 'approval.not-allowed'
  if (by === undefined ? as === 'operator' : !personOf(by).tokened) return 'approval.without-token'
  if (hash !== context.hash) return 'approval.other-statement'
  // What a stranger says about a statement, or calls it, was not asked: nobody has judged the request itself.
  if (proposedBy !== undefined && proposedBy !== context.askedBy) return 'approval.not-allowed'
  if (kind !== undefined && kind !== context.kind) return 'approval.other-kind'
  if (type === 'reject') return null
  const again = context.given.some(
    (one) => one.as === as || (one.by !== null && by !== undefined && samePerson(one.by, by)),
  )
  return again ? 'approval.twice' : null
}

function samePerson(one: string, other: string): boolean {
  return personOf(one).person === personOf(other).person
}
