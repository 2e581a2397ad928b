import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from 'react'
import { useBlocked } from '../health.ts'
import { Button } from './button.tsx'
import { startOf } from './dialog-start.ts'

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
}

/**
 * A dialog over the page, by the browser's own `<dialog>`: it keeps the focus inside, closes by Escape and gives the focus back.
 * It begins in the first field that must be filled, else on the primary button; Enter submits, and Shift+Enter is a new line.
 * Render it while it is open.
 */
export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const blocked = useBlocked()
  useEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    if (dialog !== null) startOf(dialog)?.focus()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      aria-labelledby={heading}
      onKeyDown={submitByEnter}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      className="m-auto max-h-[92dvh] w-[min(34rem,calc(100vw-1.5rem))] rounded-lg border border-edge bg-surface text-ink shadow-2xl max-sm:mb-3"
    >
      <div className="flex items-start gap-3 border-b px-5 py-3">
        <h2 id={heading} className="min-w-0 grow py-1 break-words">
          <bdi>{title}</bdi>
        </h2>
        <Button look="quiet" icon="close" aria-label="Close" onClick={onClose} className="-mr-2 px-2" />
      </div>
      <div className="px-5 py-4">
        {blocked === null ? null : (
          <p role="alert" className="mb-3 rounded-md bg-warn-soft px-3 py-2 text-warn">
            {blocked}
          </p>
        )}
        {children}
      </div>
    </dialog>
  )
}

/** Enter in a field of several lines submits as in any other; a key that is still held from before the dialog does nothing. */
function submitByEnter(event: KeyboardEvent): void {
  const { key, shiftKey, repeat, nativeEvent, target } = event
  if (key !== 'Enter' || nativeEvent.isComposing) return
  if (repeat) return event.preventDefault()
  if (shiftKey || !(target instanceof HTMLTextAreaElement)) return
  event.preventDefault()
  const { form } = target
  const submit = form?.querySelector<HTMLButtonElement>('button[type=submit]')
  if (submit?.disabled === false) form?.requestSubmit(submit)
}
