import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api.ts'
import { Badge } from '../../components/badges.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Panel } from '../../components/facts.tsx'
import { Failed } from '../../components/states.tsx'
import { sayDone } from '../../toasts.ts'

/** Whether anything may be applied to a target, and the way to change that. */
export function FreezePanel({ target, frozen }: { target: string; frozen: string | null }) {
  const [asking, setAsking] = useState(false)
  return (
    <Panel title="Changes">
      {frozen === null ? (
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone="good" icon="check">
            not frozen
          </Badge>
          Approved changes may be applied.
        </p>
      ) : (
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone="danger" icon="pause">
            frozen
          </Badge>
          <span className="break-words">Nothing is applied, whatever was approved: {frozen}</span>
        </p>
      )}
      <div className="mt-3">
        <Button acts look={frozen === null ? 'danger' : 'plain'} onClick={() => setAsking(true)}>
          {frozen === null ? 'Freeze…' : 'Unfreeze…'}
        </Button>
      </div>
      {asking ? (
        <FreezeDialog target={target} thaw={frozen !== null} onClose={() => setAsking(false)} />
      ) : null}
    </Panel>
  )
}

function FreezeDialog({
  target: name,
  thaw,
  onClose,
}: {
  target: string
  thaw: boolean
  onClose: () => void
}) {
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const one = api.db.targets[':name']
  const act = useMutation({
    mutationFn: () =>
      thaw
        ? body(one.unfreeze.$post({ param: { name } }))
        : body(one.freeze.$post({ param: { name }, json: { reason } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['lists'] })
      sayDone(thaw ? `${name} may be changed again.` : `${name} is frozen. Nothing is applied there.`)
      onClose()
    },
  })
  return (
    <Dialog title={thaw ? `Unfreeze ${name}` : `Freeze ${name}`} onClose={onClose}>
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          act.mutate()
        }}
      >
        <p>
          {thaw
            ? 'Approved changes may be applied again, by agents as well.'
            : 'From now on nothing is built or applied there, even if approved, until an operator unfreezes it. A flag in the database itself says so. What is running already ends.'}
        </p>
        {thaw ? null : (
          <label className="grid gap-1">
            <span className="font-semibold">Why</span>
            <input
              required
              value={reason}
              onChange={({ target }) => setReason(target.value)}
              className="touch w-full rounded-md border border-edge bg-page px-2"
            />
          </label>
        )}
        {act.error === null ? null : <Failed error={act.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look={thaw ? 'primary' : 'danger'} disabled={act.isPending}>
            {thaw ? 'Unfreeze' : 'Freeze'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
