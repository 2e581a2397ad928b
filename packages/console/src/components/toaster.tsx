import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { endToast, sayDone, type Toast, useToast } from '../toasts.ts'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

/** How long a toast stays, ms: read twice at a slow pace. Pointer or focus on it keeps it. */
const STAYS_MS = 15_000

/** What was committed last, at the foot of every page. A screen reader says it as well. */
export function Toaster() {
  const toast = useToast()
  return (
    <div
      role="status"
      aria-label="What was done"
      className="pointer-events-none fixed inset-x-3 bottom-3 z-30 flex justify-center"
    >
      {toast === null ? null : <Shown key={toast.id} toast={toast} />}
    </div>
  )
}

function Shown({ toast: { id, text, undo } }: { toast: Toast }) {
  const [kept, setKept] = useState(false)
  const takeBack = useMutation({
    mutationFn: async () => await undo?.(),
    onSuccess: (said) => {
      if (said !== undefined) sayDone(said)
    },
  })
  useEffect(() => {
    if (kept) return undefined
    const timer = setTimeout(() => endToast(id), STAYS_MS)
    return () => clearTimeout(timer)
  }, [id, kept])
  return (
    <div
      onPointerEnter={() => setKept(true)}
      onPointerLeave={() => setKept(false)}
      onFocus={() => setKept(true)}
      onBlur={() => setKept(false)}
      className="pointer-events-auto flex max-w-xl items-center gap-3 rounded-lg border border-edge bg-surface py-2 pr-2 pl-4 shadow-2xl"
    >
      <Icon
        name={takeBack.error === null ? 'check' : 'warning'}
        className={takeBack.error === null ? 'text-good' : 'text-danger'}
      />
      <p className="min-w-0 break-words">
        <bdi>{takeBack.error === null ? text : `Not undone: ${takeBack.error.message}`}</bdi>
      </p>
      {undo === null || takeBack.error !== null ? null : (
        <Button acts disabled={takeBack.isPending} onClick={() => takeBack.mutate()}>
          Undo
        </Button>
      )}
      <Button look="quiet" icon="close" aria-label="Dismiss" className="px-2" onClick={() => endToast(id)} />
    </div>
  )
}
