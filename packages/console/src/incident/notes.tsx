import { NOTE_MAX } from '@esa/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { agentName, sentence } from '../agent-names.ts'
import { api, body, newIdempotencyKey, Refusal } from '../api.ts'
import { Button } from '../components/button.tsx'
import { Failed } from '../components/states.tsx'
import { TextField } from '../components/text-field.tsx'
import { When } from '../components/when.tsx'

/** What was written about an incident, and a field to write more: it changes nothing and notifies no one. */
export function Notes({ id }: { id: string }) {
  const notes = useQuery({
    // A note is a stream of its own: any event of any stream may be one.
    queryKey: ['lists', 'notes', id],
    queryFn: () => body(api.incidents[':id'].notes.$get({ param: { id } })),
  })
  return (
    <section aria-label="Notes" className="grid gap-3">
      <h2>Notes</h2>
      {notes.error === null ? null : <Failed error={notes.error} retry={() => void notes.refetch()} />}
      {notes.data === undefined || notes.data.notes.length === 0 ? null : (
        <ol className="grid rounded-md border bg-surface">
          {notes.data.notes.map(({ id: note, at, as, by, text }) => (
            <li key={note} className="border-b px-3 py-2 last:border-b-0">
              <p className="text-sm text-muted">
                {sentence(agentName(as))} (<bdi>{by}</bdi>), <When at={at} />
              </p>
              <p className="break-words whitespace-pre-wrap">
                <bdi>{text}</bdi>
              </p>
            </li>
          ))}
        </ol>
      )}
      <NewNote id={id} />
    </section>
  )
}

function NewNote({ id }: { id: string }) {
  const [text, setText] = useState('')
  const client = useQueryClient()
  // One wish has one key: a retry after a lost answer writes the note once.
  const key = useRef(newIdempotencyKey())
  const write = useMutation({
    mutationFn: () =>
      body(
        api.incidents[':id'].notes.$post(
          { param: { id }, json: { as: 'operator', text: text.trim() } },
          { headers: { 'Idempotency-Key': key.current } },
        ),
      ),
    onSuccess: async () => {
      key.current = newIdempotencyKey()
      setText('')
      await client.invalidateQueries({ queryKey: ['lists', 'notes', id] })
    },
    onError: (error) => {
      if (error instanceof Refusal) key.current = newIdempotencyKey()
    },
  })
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '') write.mutate()
      }}
    >
      <TextField
        label="Write a note"
        value={text}
        onChange={setText}
        lines={2}
        max={NOTE_MAX}
        hint="For later readers: it changes nothing and notifies no one."
      />
      {write.error === null ? null : <Failed error={write.error} />}
      <Button type="submit" disabled={text.trim() === '' || write.isPending}>
        {write.isPending ? 'Writing…' : 'Add the note'}
      </Button>
    </form>
  )
}
