import { personOf } from '@esa/protocol'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { AgentLink } from '../components/agent-link.tsx'
import { Badge } from '../components/badges.tsx'
import { Button } from '../components/button.tsx'
import { inboxQuery } from '../pages/inbox/inbox-query.ts'
import { useSession } from '../session.ts'
import { ApprovalFacts } from './approval-facts.tsx'
import { type Approval, isOpen } from './approval-query.ts'
import { Statement } from './statement.tsx'
import { VoteDialog } from './vote-dialog.tsx'
import { Votes } from './votes.tsx'

const STATUS_WORDS: Record<string, string> = {
  asked: 'to be approved',
  partly: 'partly approved',
  granted: 'approved',
}

interface ApprovalCardProps {
  approval: Approval
  /** In whose inbox it is looked at. */
  seat?: string | undefined
  /** False on the page of its own incident. */
  linked?: boolean
}

/** A statement that is to be approved with all that is known of it: the same in the inbox and on an incident. */
export function ApprovalCard({ approval, seat, linked = true }: ApprovalCardProps) {
  const [verb, setVerb] = useState<'approve' | 'reject' | null>(null)
  // Who votes is known before the dialog opens: it begins in the right field.
  const session = useSession()
  const inbox = useQuery(inboxQuery())
  const items = inbox.data?.items.filter(({ statement }) => statement?.approval === approval.id) ?? []
  const voted = new Set(approval.given.map(({ as }) => as))
  const seats = [...approval.approvers, 'operator'].filter((one) => !voted.has(one))
  const first = [seat, session?.as, items[0]?.agent, seats[0]].find(
    (one) => one !== undefined && seats.includes(one),
  )
  const { status, because, askedBy, by, incident } = approval
  const mayVote =
    isOpen(approval) &&
    status !== 'granted' &&
    first !== undefined &&
    !(seat !== undefined && voted.has(seat))
  return (
    <article aria-label={`Approval of a statement for ${approval.target}`} className="grid gap-3">
      <div>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <Badge tone={isOpen(approval) ? 'info' : 'plain'} icon={isOpen(approval) ? 'hand' : 'dot'}>
            {STATUS_WORDS[status] ?? status}
          </Badge>
          <span>
            Requested by <AgentLink id={askedBy} />
            {by === null ? null : (
              <>
                , <bdi title={by}>{personOf(by).person}</bdi>
              </>
            )}
          </span>
          <span>
            Incident{' '}
            {incident === null ? (
              'unknown'
            ) : linked ? (
              <Link to="/incidents/$id" params={{ id: incident }}>
                {incident}
              </Link>
            ) : (
              'this one'
            )}
          </span>
        </p>
        <p className="mt-1 break-words">
          <span className="text-muted">Because</span> <bdi className="font-semibold">{because}</bdi>
        </p>
      </div>
      <Statement statement={{ ...approval, text: approval.statement, change: approval.kind }} />
      <ApprovalFacts facts={approval.facts} />
      <Votes approval={approval} />
      {mayVote ? (
        <div className="flex flex-wrap gap-2">
          <Button acts icon="check" look="primary" onClick={() => setVerb('approve')}>
            Approve…
          </Button>
          <Button acts icon="close" onClick={() => setVerb('reject')}>
            Reject…
          </Button>
        </div>
      ) : null}
      {verb === null || first === undefined ? null : (
        <VoteDialog
          approval={approval}
          verb={verb}
          seats={seat === undefined ? seats : [first]}
          first={first}
          items={items}
          onClose={() => setVerb(null)}
        />
      )}
    </article>
  )
}
