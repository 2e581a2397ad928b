import { createRoute, z } from '@hono/zod-openapi'
import { APPROVAL_KINDS } from '@esa/escalation'
import { approvalsFor, judgeApproval, pageApprovals, requireApproval } from '@esa/operations'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { instant } from '../documents.ts'
import { cursorOf, cursorTo, nextSchema, pageQuery } from '../paging.ts'
import { flag, idParam } from '../parameters.ts'

const unknownOr = z.number().nullable()

/** Null is unknown. */
const factsSchema = z
  .object({
    p95MsBefore: unknownOr,
    p95MsAfter: unknownOr,
    method: z.string().nullable(),
    sizeBytes: unknownOr,
    buildMs: unknownOr,
    locks: z.array(z.string()).nullable(),
    blockedMsMax: unknownOr,
    rollback: z
      .union([z.string(), z.literal(false)])
      .nullable()
      .openapi({ description: 'The statement that undoes it; false: there is none' }),
    calls: z.array(z.string()).nullable(),
  })
  .openapi('ApprovalFacts')

const approvalSchema = z
  .object({
    id: z.string(),
    status: z.string(),
    target: z.string(),
    statement: z.string(),
    hash: z.string(),
    kind: z.enum(APPROVAL_KINDS),
    askedBy: z.string(),
    by: z.string().nullable(),
    because: z.string(),
    evidence: z.record(z.string(), z.any()),
    given: z.array(
      z.object({
        as: z.string(),
        by: z.string().nullable(),
        at: instant,
        vouchedBy: z.string().nullable().openapi({ description: 'Who says that this is a person' }),
        oneOperator: z.boolean(),
      }),
    ),
    lapsesAt: instant.nullable(),
    incident: z.string().nullable(),
    facts: factsSchema,
    needed: z.number().int().openapi({ description: 'Votes that it takes' }),
    approvers: z.array(z.string()),
    whoMayVote: z.string().openapi({ description: 'In words' }),
    voters: z
      .array(
        z.object({
          account: z.string(),
          name: z.string(),
          vouchedBy: z.string().nullable().openapi({ description: 'Who says that this is a person' }),
          seats: z.array(z.string()),
          oneOperator: z.boolean(),
          refusal: z.string().nullable().openapi({ description: 'Why their vote would not count' }),
        }),
      )
      .openapi({ description: 'Persons with an account, those whose vote would count first' }),
    expiresAt: instant.nullable(),
  })
  .openapi('Approval')

const list = createRoute({
  method: 'get',
  path: '/',
  ...operation('incidents:read', 'approvals', 'listApprovals'),
  summary: 'Statements that wait for an approval, the newest first; with all=true also those that are over',
  request: {
    query: z.object({
      all: flag,
      incident: z.string().optional().openapi({
        description: 'Those for this incident: open ones, and of the newest 200 of all those that are over',
      }),
      ...pageQuery,
    }),
  },
  responses: answers(
    z.object({ approvals: z.array(approvalSchema), next: nextSchema }),
    'Approvals; go on with `cursor` = `next`',
  ),
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  ...operation('incidents:read', 'approvals', 'showApproval'),
  summary: 'The whole statement, its hash, and who has approved it',
  request: { params: idParam },
  responses: answers(approvalSchema, 'The approval'),
})

const judge = createRoute({
  method: 'post',
  path: '/{id}/{verb}',
  ...operation('incidents:write', 'approvals', 'judgeApproval'),
  summary: 'Approve, reject or withdraw a request, by the hash of the statement that was read',
  request: {
    params: idParam.extend({ verb: z.enum(['approve', 'reject', 'withdraw']) }),
    body: jsonBody(
      z.strictObject({
        as: z.string().default('operator'),
        because: z.string().optional(),
        hash: z.string(),
      }),
    ),
  },
  responses: answers(approvalSchema, 'The approval after it'),
})

/** `/approvals`. */
export const approvalRoutes = routes()
  .openapi(list, async (context) => {
    const { all = false, incident, cursor, limit } = context.req.valid('query')
    if (incident !== undefined) {
      const approvals = await approvalsFor(context.var.world.store, incident)
      return context.json({ approvals, next: null }, 200)
    }
    const before = cursorOf('approvals', cursor)
    const { approvals, next } = await pageApprovals(context.var.world.store, { all, before, limit })
    return context.json({ approvals, next: cursorTo('approvals', next) }, 200)
  })
  .openapi(show, async (context) =>
    context.json(await requireApproval(context.var.world.store, context.req.valid('param').id), 200),
  )
  .openapi(judge, async (context) => {
    const { id, verb } = context.req.valid('param')
    const { because, ...said } = context.req.valid('json')
    const judgment = { ...said, ...(because === undefined ? {} : { because }) }
    return context.json(await judgeApproval(context.var.world, verb, id, judgment), 200)
  })
