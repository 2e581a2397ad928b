import type { AgentId, Identity, Json, JsonObject } from '@esa/protocol'

/**
 * How much a change takes. `additive` blocks no one and is undone at will (CREATE INDEX CONCURRENTLY, ANALYZE, VALIDATE), `major`
 * is any other change of a schema, `destructive` may lose data. Source: docs/layer-1/authority.md.
 */
export const APPROVAL_KINDS = ['additive', 'major', 'destructive'] as const
export type ApprovalKind = (typeof APPROVAL_KINDS)[number]

/** One approval that was given: by a seat, and by the person who sat there (null: its built-in playbook). */
export type Given = { as: string; by: string | null; at: number; who?: Identity }

/** What an approval starts from. `reference` is the asker's own and comes back with every answer. */
export type ApprovalInput = {
  target: string
  statement: string
  hash: string
  kind: ApprovalKind
  askedBy: AgentId
  /** The person who requested it in its name; null when the agent did so by itself. */
  by: string | null
  because: string
  evidence: JsonObject
  reference: JsonObject
  /** Agents that may approve: the asker's chief, and the CEO. */
  approvers: AgentId[]
  /** How long the chief has to answer before it goes up the asker's ladder, ms. */
  answerMs: number
  /** Since version 2: when it was requested, and by whose token; null without one. */
  askedAt?: number
  who?: Identity | null
  /** Since version 3: the actor that sent the request, to which the answers go; null for an operator's. */
  replyTo?: string | null
}

/** What an approval carries through its life. */
export type ApprovalContext = ApprovalInput & {
  given: Given[]
  lapses: number
  armMs: number
  /** Persons who requested it again; absent until one did. */
  askers?: string[]
  /** The tokens of later requests. */
  askersWho?: Identity[]
  /** Who used it up; absent until then. */
  usedBy?: string
}

/**
 * The commands of an approval. `hash` is that of the statement which the caller has before their eyes; `proposedBy` and
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
  /** Who gives this word, as the edge read it from the database. */
  who?: Json
}

/** The same statement, requested while it is open: the body of a new request, as the requester sent it. */
export type ApprovalAgain = {
  type: 'open'
  /** Who sent it. */
  from?: string
  askedBy?: Json
  by?: Json
  kind?: Json
  because?: Json
  evidence?: Json
  reference?: Json
  who?: Json
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
  | 'approval.not-a-person'
  | 'approval.too-young'
  | 'approval.too-early'
