import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Failed } from '../../components/states.tsx'
import { BecauseField, TokenField } from '../../approvals/token-field.tsx'
import { Statement } from '../../approvals/statement.tsx'
import { useSession } from '../../session.ts'
import { sayDone } from '../../toasts.ts'
import type { InboxItem } from './inbox-query.ts'

interface JudgeDialogProps {
  item: InboxItem
  verb: 'approve' | 'reject'
  onClose: () => void
}

/** Approves or rejects a proposal, with a token: the page keeps it for this one request. */
export function JudgeDialog({ item, verb, onClose }: JudgeDialogProps) {
  const session = useSession()
  const [because, setBecause] = useState('')
  const [token, setToken] = useState('')
  const judge = useJudgment(item, verb, { because, token }, onClose)
  const word = verb === 'approve' ? 'Approve' : 'Reject'
  return (
    <Dialog title={`${word} as ${item.agent}`} onClose={onClose}>
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          judge.mutate()
        }}
      >
        {item.statement === null ? (
          <p className="font-semibold break-words">{item.about}</p>
        ) : (
          <Statement statement={item.statement} />
        )}
        <p className="text-muted">{consequence(item, verb)}</p>
        <BecauseField value={because} onValue={setBecause} required={verb === 'reject'} />
        {session?.by === 'token' ? (
          <p className="text-sm text-muted">
            Recorded as said by {session.person}, who is logged in as {session.as}.
          </p>
        ) : (
          <TokenField agent={item.agent} value={token} onValue={setToken} />
        )}
        {judge.error === null ? null : <Failed error={judge.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look={verb === 'approve' ? 'primary' : 'danger'} disabled={judge.isPending}>
            {item.statement === null ? word : `${word} ${item.statement.hash.slice(0, 12)}`}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function useJudgment(
  { id, agent: as, statement }: InboxItem,
  verb: 'approve' | 'reject',
  { because, token }: { because: string; token: string },
  onDone: () => void,
) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => {
      const said = because === '' ? {} : { because }
      // What was read is what is approved: another statement is refused.
      const bound = statement === null ? {} : { hash: statement.hash }
      // A person who is logged in has a session for their token.
      const options = token === '' ? {} : { headers: { authorization: `Bearer ${token.trim()}` } }
      return body(api.inbox[':id'][verb].$post({ param: { id }, json: { as, ...said, ...bound } }, options), {
        stay: token !== '',
      })
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['lists'] })
      sayDone(verb === 'approve' ? `Approved as ${as}.` : `Rejected as ${as}. The requester learns why.`)
      onDone()
    },
  })
}

function consequence({ agent, statement }: InboxItem, verb: 'approve' | 'reject'): string {
  if (verb === 'reject')
    return `${agent} rejects it. This is final for the request; the requester learns why.`
  if (statement === null) return `${agent} approves it, and the requester goes on.`
  return `The approval holds for this very text on ${statement.target}, for 15 minutes and one use. Where the change takes away data, a second approver is needed.`
}
