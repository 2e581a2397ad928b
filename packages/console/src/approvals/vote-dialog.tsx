import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { agentName, sentence } from '../agent-names.ts'
import { api, body } from '../api.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Failed } from '../components/states.tsx'
import { clockText } from '../durations.ts'
import { serverNow } from '../clock.ts'
import type { InboxItem } from '../pages/inbox/inbox-query.ts'
import { useSession } from '../session.ts'
import { sayDone } from '../toasts.ts'
import { BecauseField, TokenField } from './token-field.tsx'
import type { Approval } from './approval-query.ts'
import { Statement } from './statement.tsx'

/** A vote by an inbox reaches the approval as a message: looked for so often, with this pause, ms. */
const HEARD = { times: 20, pauseMs: 150 }

interface VoteDialogProps {
  approval: Approval
  verb: 'approve' | 'reject'
  /** The seats that may vote still, and the one that is taken at first. */
  seats: string[]
  first: string
  /** The same request in inboxes: a vote there is answered there. */
  items: InboxItem[]
  onClose: () => void
}

/** Votes on a statement, with a token: the page keeps it for this one request. */
export function VoteDialog({ approval, verb, seats, first, items, onClose }: VoteDialogProps) {
  const session = useSession()
  const [as, setAs] = useState(first)
  const [because, setBecause] = useState('')
  const [token, setToken] = useState('')
  const vote = useVote(approval, verb, items, onClose)
  const word = sentence(verb)
  return (
    <Dialog title={`${word} as ${as}`} onClose={onClose}>
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          vote.mutate({ as, because, token })
        }}
      >
        <Statement statement={{ ...approval, text: approval.statement, change: approval.kind }} />
        <p className="text-muted">{consequence(approval, as, verb)}</p>
        {seats.length < 2 ? null : (
          <label className="flex flex-wrap items-center gap-2 text-muted">
            As
            <select
              value={as}
              onChange={({ target }) => setAs(target.value)}
              className="touch rounded-md border border-edge bg-surface px-2 text-ink"
            >
              {seats.map((seat) => (
                <option key={seat} value={seat}>
                  {agentName(seat)}
                </option>
              ))}
            </select>
          </label>
        )}
        <BecauseField value={because} onValue={setBecause} required={verb === 'reject'} />
        {session?.by === 'token' ? (
          <p className="text-sm text-muted">
            Recorded as said by <bdi>{session.person}</bdi>, who is logged in as {session.as}.
          </p>
        ) : (
          <TokenField agent={as} value={token} onValue={setToken} />
        )}
        {vote.error === null ? null : <Failed error={vote.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look={verb === 'approve' ? 'primary' : 'danger'} disabled={vote.isPending}>
            {vote.isPending ? 'Sending…' : `${word} ${approval.hash.slice(0, 12)}`}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface Vote {
  as: string
  because: string
  token: string
}

function useVote(approval: Approval, verb: 'approve' | 'reject', items: InboxItem[], onDone: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ as, because, token }: Vote) => {
      const { id, hash } = approval
      // What was read is what is voted on: another statement is refused.
      const json = { as, hash, ...(because.trim() === '' ? {} : { because: because.trim() }) }
      // A person who is logged in has a session for their token.
      const options = token === '' ? {} : { headers: { authorization: `Bearer ${token.trim()}` } }
      const stay = { stay: token !== '' }
      const item = items.find(({ agent }) => agent === as)
      if (item === undefined) {
        const request = { param: { id, verb }, json }
        return await body(api.approvals[':id'][':verb'].$post(request, options), stay)
      }
      await body(api.inbox[':id'][verb].$post({ param: { id: item.id }, json }, options), stay)
      return await heard(approval)
    },
    onSuccess: async (after) => {
      // The card has the vote before a line says so.
      await client.invalidateQueries({ queryKey: ['lists'] })
      sayDone(after === null ? UNHEARD : votedWords(after, verb))
      onDone()
    },
  })
}

/** The approval once it has taken the vote; null while it has not. */
async function heard({ id, given, status }: Approval): Promise<Approval | null> {
  for (let left = HEARD.times; left > 0; left -= 1) {
    const now = await body(api.approvals[':id'].$get({ param: { id } }))
    if (now.status !== status || now.given.length !== given.length) return now
    await new Promise((resolve) => setTimeout(resolve, HEARD.pauseMs))
  }
  return null
}

const UNHEARD =
  'The vote was sent. The approval has not taken it yet: look at its votes before you rely on it.'

function votedWords({ status, given, needed, hash, lapsesAt }: Approval, verb: 'approve' | 'reject'): string {
  const which = hash.slice(0, 12)
  if (verb === 'reject') return `Rejected ${which}. The requester learns why.`
  const until =
    lapsesAt === null ? '' : ` What was given lapses at ${clockText(Date.parse(lapsesAt), serverNow())}.`
  const missing = needed - given.length
  return status === 'granted' || status === 'used'
    ? `Approved ${which}. It may run once.${until}`
    : `Voted for ${which}: ${given.length} of ${needed}. Awaited: ${missing} more.${until}`
}

function consequence({ target, needed, given }: Approval, as: string, verb: 'approve' | 'reject'): string {
  if (verb === 'reject') return `${as} says no. It is final for this request; the requester learns why.`
  const left = needed - given.length - 1
  const more = left > 0 ? ` ${left} more vote${left === 1 ? ' is' : 's are'} needed after this one.` : ''
  return `The approval holds for this very text on ${target}, for 15 minutes and one use.${more}`
}
