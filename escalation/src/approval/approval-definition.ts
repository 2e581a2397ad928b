import type { ActorDefinition } from '@esa/actor'
import type { Directory } from '@esa/org'
import {
  agentIdSchema,
  CEO_ID,
  EsaError,
  identityIn,
  type JsonObject,
  RESPONSE_TARGET_MS,
  statementHash,
} from '@esa/protocol'
import * as z from 'zod'
import { APPROVAL_KINDS, type ApprovalInput } from './approval-context.ts'
import { senderOf } from './approval-rules.ts'
import { approvalMachine } from './approval.machine.ts'

/** The type under which approvals live in the store. */
export const APPROVAL_TYPE = 'approval'

/** Longest statement that one approval is about, in characters: what is too long to read must not be approved. */
const STATEMENT_MAX = 20_000

const record = z.record(z.string(), z.json())

/** A request for an approval. The hash is computed here and never taken from the requester. */
const openApprovalSchema = z.strictObject({
  target: z.string().trim().min(1).max(200),
  statement: z.string().trim().min(1).max(STATEMENT_MAX),
  kind: z.enum(APPROVAL_KINDS),
  askedBy: agentIdSchema,
  by: z.string().max(200).optional(),
  /** Whose token asks, as an edge read it. */
  who: z.json().optional(),
  because: z.string().trim().min(1).max(1_000),
  evidence: record.default({}),
  reference: record.default({}),
})

/** What asks for an approval, checked. @throws EsaError `approval.invalid` (terminal). */
export function parseOpenApproval(body: unknown): z.output<typeof openApprovalSchema> {
  const parsed = openApprovalSchema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new EsaError(
    'approval.invalid',
    'terminal',
    `this asks for nothing: ${z.prettifyError(parsed.error)}`,
  )
}

/** The key that is unique among open approvals: a statement, by its hash, is requested once on one target. */
export function approvalKey(target: string, hash: string): string {
  return `${target} ${hash}`
}

/**
 * The approval as a durable actor. How long the chief has to answer is divided by `timeScale`; an approval's own life never is.
 * Version 1 compared names, and its input has no `askedAt`; version 2 answered the agent alone, and its input has no `replyTo`.
 * By what its input lacks, the machine goes on with what is open or recorded.
 */
export function approvalDefinition({
  timeScale,
  version = 3,
}: {
  timeScale: number
  version?: 1 | 2 | 3
}): ActorDefinition<Directory> {
  return {
    type: APPROVAL_TYPE,
    version,
    machine: approvalMachine,
    inputFrom: ({ body, at, from }, directory): ApprovalInput & JsonObject => {
      const { by = null, who, evidence, reference, ...asked } = parseOpenApproval(body)
      const accounts = version === 1 ? {} : { askedAt: at, who: identityIn(who) }
      const chief = directory.chiefOf(asked.askedBy) ?? CEO_ID
      return {
        ...asked,
        ...accounts,
        ...(version < 3 ? {} : { replyTo: senderOf({ from }) }),
        hash: statementHash(asked.statement),
        by,
        evidence,
        reference,
        approvers: [...new Set([chief, CEO_ID])],
        answerMs: Math.max(1, Math.round(RESPONSE_TARGET_MS.critical / timeScale)),
      }
    },
  }
}
