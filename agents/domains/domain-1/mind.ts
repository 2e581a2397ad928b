import { textOf } from '@esa/protocol'
import { type Decision, evidenceOf, type Mind, type Notice } from '../../generic/mind.ts'

/** Takes a breach that asks for coordination; one whose cure is an index needs the chief's word, so its clock runs on. */
function playbook(notice: Notice): Decision {
  const { kind, proposedIndex, target } = evidenceOf(notice)
  if (notice.category !== 'performance' || kind !== 'slow-query') {
    return { kind: 'cannot-decide', because: 'the evidence is of no kind that I know' }
  }
  if (proposedIndex !== null && proposedIndex !== undefined) {
    return { kind: 'cannot-decide', because: 'the cure is a new index, which the chief has to approve' }
  }
  const about = `p95 breach on ${textOf(target)}: what can pooling and caching take off it?`
  return {
    kind: 'acknowledge',
    because: 'no index would help: pooling and caching are the next to ask',
    change: { send: ['layer-3', 'layer-14'].map((to) => ({ to, type: 'sync_request', body: { about } })) },
  }
}

/** Domain 1, Infrastructure: coordinates layers 3 and 14 on a breach that no index cures. */
export const domain1: Mind = { playbook }
