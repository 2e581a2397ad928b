import type { ActorDefinition } from '@esa/actor'
import type { Directory } from '@esa/org'
import {
  agentIdSchema,
  CEO_ID,
  EsaError,
  type JsonObject,
  RESPONSE_TARGET_MS,
  statementHash,
} from '@esa/protocol'
import * as z from 'zod'
import { APPROVAL_KINDS, type ApprovalInput } from './approval-rules.ts'
import { approvalMachine } from './approval.machine.ts'

/** The type under which approvals live in the store. */
export const APPROVAL_TYPE = 'approval'

/** Longest statement that one approval is about, in characters: what nobody can read, nobody should approve. */
const STATEMENT_MAX = 20_000

const record = z.record(z.string(), z.json())

/** What asks for an approval. The hash is worked out here and never taken from whoever asks. */
const openApprovalSchema = z.strictObject({
  target: z.string().trim().min(1).max(200),
  statement: z.string().trim().min(1).max(STATEMENT_MAX),
  kind: z.enum(APPROVAL_KINDS),
  askedBy: agentIdSchema,
  by: z.string().max(200).optional(),
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

/** The key that is unique among open approvals: a statement, by its hash, is asked for once on one target. */
export function approvalKey(target: string, hash: string): string {
  return `${target} ${hash}`
}

/** The approval as a durable actor. How long the chief has to answer is divided by `timeScale`; an approval's own life never is. */
export function approvalDefinition({ timeScale }: { timeScale: number }): ActorDefinition<Directory> {
  return {
    type: APPROVAL_TYPE,
    version: 1,
    machine: approvalMachine,
    inputFrom: ({ body }, directory): ApprovalInput & JsonObject => {
      const { by = null, evidence, reference, ...asked } = parseOpenApproval(body)
      const chief = directory.chiefOf(asked.askedBy) ?? CEO_ID
      return {
        ...asked,
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
