import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Failed } from '../../components/states.tsx'
import { sayDone } from '../../toasts.ts'
import type { InboxItem } from './inbox-query.ts'

/** Answers a message in the name of the agent that has it. */
export function AnswerDialog({ item, onClose }: { item: InboxItem; onClose: () => void }) {
  const client = useQueryClient()
  const [text, setText] = useState('')
  const answer = useMutation({
    mutationFn: () =>
      body(api.inbox[':id'].answer.$post({ param: { id: item.id }, json: { as: item.agent, text } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['lists'] })
      sayDone(`Answered as ${item.agent}. ${item.from} has the answer.`)
      onClose()
    },
  })
  return (
    <Dialog title={`Answer as ${item.agent}`} onClose={onClose}>
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          answer.mutate()
        }}
      >
        <p className="break-words">
          <span className="text-muted">
            <bdi>{item.from}</bdi> asks:
          </span>{' '}
          <bdi>{item.about}</bdi>
        </p>
        <label className="grid gap-1">
          <span className="font-semibold">Answer</span>
          <textarea
            required
            rows={4}
            value={text}
            onChange={({ target }) => setText(target.value)}
            className="w-full rounded-md border border-edge bg-page px-2 py-1.5"
          />
        </label>
        <p className="text-sm text-muted">
          It goes to <bdi>{item.from}</bdi> and is recorded in the log of {item.agent} with your name. It
          cannot be taken back.
        </p>
        {answer.error === null ? null : <Failed error={answer.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="primary" disabled={answer.isPending || text.trim() === ''}>
            Send the answer
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
