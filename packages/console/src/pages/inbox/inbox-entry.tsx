import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ApprovalCard } from '../../approvals/approval-card.tsx'
import { approvalsQuery } from '../../approvals/approval-query.ts'
import { Statement } from '../../approvals/statement.tsx'
import { AgentLink } from '../../components/agent-link.tsx'
import { Badge } from '../../components/badges.tsx'
import { Button } from '../../components/button.tsx'
import { When } from '../../components/when.tsx'
import { AnswerDialog } from './answer-dialog.tsx'
import type { InboxItem } from './inbox-query.ts'
import { JudgeDialog } from './judge-dialog.tsx'

type Open = 'answer' | 'approve' | 'reject'

/** One thing that waits for an answer, and what can be said to it. */
export function InboxEntry({ item }: { item: InboxItem }) {
  const of = item.statement?.approval ?? null
  const approvals = useQuery({ ...approvalsQuery(), enabled: of !== null }).data
  const approval = approvals?.find(({ id }) => id === of)
  if (approval === undefined) return <OtherEntry item={item} />
  return (
    <li className="rounded-md border bg-surface px-4 py-3">
      <p className="mb-2 flex flex-wrap items-center gap-x-3 text-sm text-muted">
        <span>
          In the inbox of <AgentLink id={item.agent} />
        </span>
        <When at={item.at} />
      </p>
      <ApprovalCard approval={approval} seat={item.agent} />
    </li>
  )
}

function OtherEntry({ item }: { item: InboxItem }) {
  const [open, setOpen] = useState<Open | null>(null)
  const close = (): void => setOpen(null)
  const proposal = item.type === 'proposal'
  return (
    <li className="rounded-md border bg-surface px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
        <Kind item={item} />
        <span>
          <AgentLink id={item.from} /> to <AgentLink id={item.agent} />
        </span>
        <When at={item.at} />
      </div>
      {item.statement === null ? (
        <p className="mt-1 font-semibold break-words">
          {item.kind === 'incident' ? (
            <Link to="/incidents/$id" params={{ id: item.id }}>
              <bdi>{item.about}</bdi>
            </Link>
          ) : (
            <bdi>{item.about}</bdi>
          )}
        </p>
      ) : (
        <Statement statement={item.statement} />
      )}
      {item.statement === null && item.kind === 'message' ? <Body body={item.body} /> : null}
      <div className="mt-2 flex flex-wrap gap-2 empty:hidden">
        {item.kind === 'incident' ? null : proposal ? (
          <>
            <Button acts icon="check" look="primary" onClick={() => setOpen('approve')}>
              Approve…
            </Button>
            <Button acts icon="close" onClick={() => setOpen('reject')}>
              Reject…
            </Button>
          </>
        ) : (
          <Button acts icon="arrow" onClick={() => setOpen('answer')}>
            Answer…
          </Button>
        )}
      </div>
      {open === 'answer' ? <AnswerDialog item={item} onClose={close} /> : null}
      {open === 'approve' || open === 'reject' ? (
        <JudgeDialog item={item} verb={open} onClose={close} />
      ) : null}
    </li>
  )
}

function Kind({ item: { kind, type } }: { item: InboxItem }) {
  if (kind === 'incident')
    return (
      <Badge tone="warn" icon="alarm">
        incident
      </Badge>
    )
  if (type === 'proposal')
    return (
      <Badge tone="info" icon="hand">
        to be approved
      </Badge>
    )
  return <Badge tone="plain">{type.replaceAll('_', ' ')}</Badge>
}

function Body({ body }: { body: Record<string, unknown> }) {
  if (Object.keys(body).length === 0) return null
  return (
    <details className="mt-1">
      <summary className="touch text-sm text-muted">The whole message</summary>
      <pre className="max-h-64 overflow-auto rounded bg-raised p-2 text-sm break-all whitespace-pre-wrap">
        <bdi>{JSON.stringify(body, null, 2)}</bdi>
      </pre>
    </details>
  )
}
