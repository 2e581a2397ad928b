import type { ReactNode } from 'react'
import { Icon } from '../../components/icon.tsx'

/** The word, over and over: no part of the page, and no picture of a part of it, is without one. */
const TILE = `url("data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" width="260" height="150"><text x="130" y="80" text-anchor="middle" transform="rotate(-24 130 75)" font-family="sans-serif" font-size="30" font-weight="700" letter-spacing="4" fill="#8a6fd1" fill-opacity="0.17">SIMULATION</text></svg>`,
)}")`

/** The content of this frame did not happen, and says so: in words above, as a frame around, and as a mark through it. */
export function Simulated({ children }: { children: ReactNode }) {
  return (
    <div data-simulation className="relative rounded-lg border-4 border-dashed border-quiet p-3 sm:p-4">
      <p className="mb-3 flex items-center gap-2 rounded bg-quiet-soft px-3 py-2 text-quiet">
        <Icon name="flask" />
        <span>
          <strong>SIMULATION.</strong> Nothing here happened. It runs on a virtual clock, notifies no one and
          leaves nothing behind.
        </span>
      </p>
      {children}
      <div
        aria-hidden="true"
        data-watermark
        className="pointer-events-none absolute inset-0 z-10"
        style={{ backgroundImage: TILE }}
      />
    </div>
  )
}
