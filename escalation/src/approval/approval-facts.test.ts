import { expect, it } from 'vitest'
import { approvalCard } from './approval-facts.ts'
import type { ApprovalContext } from './approval-context.ts'

const INCIDENT = '01ARZ3NDEKTSV4RRFFQ69G5FAV'

const context = (more: Partial<ApprovalContext>): ApprovalContext => ({
  target: 'shop',
  statement: 'drop table t',
  hash: 'h',
  kind: 'destructive',
  askedBy: 'layer-1',
  by: 'Ada (token 01ARZ3NDEKTSV4RRFFQ69G5FAV)',
  because: 'unused',
  evidence: {},
  reference: {},
  approvers: ['chief-1', 'agent-0'],
  answerMs: 1,
  given: [],
  lapses: 0,
  armMs: 0,
  ...more,
})

it('says of what was not measured that it is unknown', () => {
  const { facts, incident, expiresAt } = approvalCard(context({}), null)
  expect([...new Set(Object.values(facts)), incident, expiresAt]).toEqual([null, null, null])
})

it('takes nothing of another type for a measurement', () => {
  const evidence = {
    p95MsBefore: '1',
    p95MsAfter: -1,
    sizeBytes: null,
    locks: 'all',
    calls: [1],
    rollback: true,
    incidentId: "'",
  }
  const { facts, incident } = approvalCard(context({ evidence }), 0)
  expect([...new Set(Object.values(facts)), incident]).toEqual([null, null])
})

it('keeps "no way back" apart from what is not known, and takes the incident of the order', () => {
  const { facts, incident } = approvalCard(
    context({ evidence: { rollback: false, why: 'no copy' }, reference: { incidentId: INCIDENT } }),
    0,
  )
  expect([facts.rollback, facts.method, incident]).toEqual([false, 'no copy', INCIDENT])
})

it('says who may vote by name, and never by the token', () => {
  const { whoMayVote, needed, expiresAt } = approvalCard(context({}), 0)
  expect([whoMayVote, needed, expiresAt]).toEqual([
    'chief-1 or agent-0 or an operator, each signed in before the request; never Ada, who requested it; two different persons',
    2,
    '1970-01-01T00:00:00.000Z',
  ])
})
