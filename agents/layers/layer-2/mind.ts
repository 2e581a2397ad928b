import { textOf } from '@esa/protocol'
import { type Decision, evidenceOf, type Mind, type Notice } from '../../generic/mind.ts'

/** Takes an endpoint's query that pages by OFFSET, and answers with keyset paging on its sort columns. */
function playbook(notice: Notice): Decision {
  const { kind, endpoint, offset, sort } = evidenceOf(notice)
  const pages =
    kind === 'endpoint-query' && typeof offset === 'number' && Array.isArray(sort) && sort.length > 0
  if (notice.category !== 'integration' || !pages) {
    return { kind: 'cannot-decide', because: 'the evidence is not a paged query of an endpoint' }
  }
  const cause = `${textOf(endpoint)} pages by keyset on (${sort.map(textOf).join(', ')}) instead of OFFSET ${offset}`
  return {
    kind: 'resolve',
    because: 'an endpoint that skips rows by OFFSET is mine to change',
    cause,
  }
}

/** Layer 2, API Structure. */
export const layer2: Mind = { playbook }
