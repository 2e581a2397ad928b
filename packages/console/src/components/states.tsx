import type { ReactNode } from 'react'
import { Refusal } from '../api.ts'
import { Icon } from './icon.tsx'

/** What a page shows while it waits for its first answer: grey lines where text will be, and a word for who cannot see them. */
export function Loading({ what, lines = 4 }: { what: string; lines?: number }) {
  return (
    <div role="status" className="grid animate-pulse gap-3 py-4">
      <span className="sr-only">Loading {what}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="h-4 rounded bg-raised" style={{ width: `${92 - ((line * 23) % 50)}%` }} />
      ))}
    </div>
  )
}

/** Nothing to show, why that is, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="rounded-md border border-dashed border-edge px-6 py-8 text-center">
      <p className="font-semibold">{title}</p>
      {children === undefined ? null : <div className="mt-1 text-muted">{children}</div>}
    </div>
  )
}

/** A request that failed: what the server said, its hint, and a way to try again. */
export function Failed({ error, retry }: { error: Error; retry?: () => void }) {
  const refusal = error instanceof Refusal ? error : null
  return (
    <div role="alert" className="flex gap-3 rounded-md border border-danger bg-danger-soft px-4 py-3">
      <Icon name="warning" className="mt-0.5 text-danger" />
      <div className="min-w-0">
        <p className="font-semibold break-words">
          <bdi>{error.message}</bdi>
        </p>
        {refusal === null ? null : (
          <p className="text-muted">
            <code className="text-sm">{refusal.code}</code>
            {refusal.hint === undefined ? null : (
              <>
                {' '}
                · <bdi>{refusal.hint}</bdi>
              </>
            )}
          </p>
        )}
        {retry === undefined ? null : (
          <button type="button" className="touch mt-1 font-semibold text-accent underline" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  )
}
