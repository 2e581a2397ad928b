import { isoTime, type Json, type JsonObject, personOf, ulidSchema } from '@esa/protocol'
import type { ApprovalContext } from './approval-context.ts'
import { NEEDED } from './approval-rules.ts'

/** What is known of a change before it is approved; null is unknown. Times are ms, sizes bytes. */
interface ApprovalFacts {
  /** The 95th percentile of the workload on a copy, without the change and with it. */
  p95MsBefore: number | null
  p95MsAfter: number | null
  /** How it was measured, or why it was not. */
  method: string | null
  sizeBytes: number | null
  /** How long it took on the copy. */
  buildMs: number | null
  /** The locks that it takes, as PostgreSQL calls them, and on what. */
  locks: string[] | null
  /** The longest that it kept others waiting in a rehearsal. */
  blockedMsMax: number | null
  /** The statement that undoes it; false where the requester said none. */
  rollback: string | false | null
  /** Functions that it calls, as the guard reads it. */
  calls: string[] | null
}

/** What a vote is about, and who may give one. */
export interface ApprovalCard {
  /** The incident that the change is for; null where none was named. */
  incident: string | null
  facts: ApprovalFacts
  /** Votes that it takes. */
  needed: number
  /** The seats that may vote; an operator may as well. */
  approvers: string[]
  /** Who may vote, in words. */
  whoMayVote: string
  /** When the request itself expires; null once a vote was given, whose end is `lapsesAt`. */
  expiresAt: string | null
}

/** What a card shows of an approval, from its request. */
export function approvalCard(context: ApprovalContext, dueAt: number | null): ApprovalCard {
  const { kind, approvers, evidence, reference, given, by } = context
  const needed = given.some(({ who }) => who?.alone === true) ? 1 : NEEDED[kind]
  const asked = by === null ? '' : `; never ${personOf(by).person}, who requested it`
  const two = needed > 1 ? '; two different persons' : ''
  return {
    incident: ulidOf(reference['incidentId']) ?? ulidOf(evidence['incidentId']),
    facts: approvalFacts(evidence),
    needed,
    approvers,
    whoMayVote: `${[...approvers, 'an operator'].join(' or ')}, each signed in before the request${asked}${two}`,
    expiresAt: given.length > 0 || dueAt === null ? null : isoTime(dueAt),
  }
}

function approvalFacts(evidence: JsonObject): ApprovalFacts {
  const { rollback, method, why } = evidence
  return {
    p95MsBefore: numberOf(evidence['p95MsBefore']),
    p95MsAfter: numberOf(evidence['p95MsAfter']),
    method: wordsOf(method) ?? wordsOf(why),
    sizeBytes: numberOf(evidence['sizeBytes']),
    buildMs: numberOf(evidence['buildMs']),
    locks: listOf(evidence['locks']),
    blockedMsMax: numberOf(evidence['blockedMsMax']),
    rollback: rollback === false ? false : wordsOf(rollback),
    calls: listOf(evidence['calls']),
  }
}

/** What others measured is their word: of another type it is as good as not said. */
function numberOf(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null
}

function wordsOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null
}

function listOf(value: Json | undefined): string[] | null {
  if (!Array.isArray(value)) return null
  const words = value.filter((one) => typeof one === 'string')
  return words.length === value.length ? words : null
}

function ulidOf(value: Json | undefined): string | null {
  const parsed = ulidSchema.safeParse(value)
  return parsed.success ? parsed.data : null
}
