import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ApprovalCard } from '../approvals/approval-card.tsx'
import { type Approval, approvalsQuery } from '../approvals/approval-query.ts'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { InboxEntry } from './inbox/inbox-entry.tsx'
import { inboxQuery } from './inbox/inbox-query.ts'

/** What waits for an answer, in all seats or in one. */
export function InboxPage() {
  const { agent } = useSearch({ from: '/inbox' })
  const navigate = useNavigate({ from: '/inbox' })
  const inbox = useQuery(inboxQuery())
  const approvals = useQuery(approvalsQuery()).data ?? []
  const held = new Set(inbox.data?.items.map(({ statement }) => statement?.approval))
  const elsewhere =
    inbox.data === undefined
      ? []
      : approvals.filter(
          ({ id, approvers }) => !held.has(id) && (agent === undefined || approvers.includes(agent)),
        )
  const items = inbox.data?.items.filter((item) => agent === undefined || item.agent === agent)
  const seats = [
    ...new Set([
      ...(inbox.data?.items.map((item) => item.agent) ?? []),
      ...(agent === undefined ? [] : [agent]),
    ]),
  ]
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <h1 className="mr-auto">Inbox</h1>
        <label className="inline-flex items-center gap-2">
          <span className="text-muted">Seat</span>
          <select
            value={agent ?? ''}
            onChange={({ target }) =>
              void navigate({ search: { agent: target.value === '' ? undefined : target.value } })
            }
            className="touch rounded-md border border-edge bg-surface px-2"
          >
            <option value="">all seats</option>
            {seats
              .toSorted((a, b) => a.localeCompare(b))
              .map((seat) => (
                <option key={seat}>{seat}</option>
              ))}
          </select>
        </label>
      </div>
      {inbox.error !== null ? (
        <Failed error={inbox.error} retry={() => void inbox.refetch()} />
      ) : items === undefined ? (
        <Loading what="the inbox" />
      ) : items.length === 0 ? (
        <Empty title="Nothing waits for an answer.">
          {agent === undefined
            ? 'Built-in seats answer what they recognize; the rest arrives here.'
            : `The inbox of ${agent} is empty.`}
        </Empty>
      ) : (
        <ol aria-label="What waits, the oldest first" className="grid grid-cols-1 gap-3">
          {items.map((item) => (
            <InboxEntry key={`${item.agent} ${item.id}`} item={item} />
          ))}
        </ol>
      )}
      <OpenApprovals approvals={elsewhere} seat={agent} />
    </>
  )
}

/** What was voted on and waits for another vote, or to be run: it is in no inbox any longer. */
function OpenApprovals({ approvals, seat }: { approvals: Approval[]; seat: string | undefined }) {
  if (approvals.length === 0) return null
  return (
    <section aria-label="Other open approvals" className="mt-5">
      <h2 className="mb-2">Other open approvals</h2>
      <ul className="grid grid-cols-1 gap-3">
        {approvals.map((approval) => (
          <li key={approval.id} className="rounded-md border bg-surface px-4 py-3">
            <ApprovalCard approval={approval} seat={seat} />
          </li>
        ))}
      </ul>
    </section>
  )
}
