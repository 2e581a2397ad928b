import { Link, Outlet } from '@tanstack/react-router'
import { useConnected } from './live.ts'

/** What stands around every page: the way to the others, and whether what is shown is still true. */
export function Shell() {
  const connected = useConnected()
  return (
    <>
      <header className="flex gap-4 border-b px-4 py-2">
        <strong>ESA</strong>
        <nav aria-label="Pages">
          <Link to="/incidents">Incidents</Link>
        </nav>
      </header>
      {connected ? null : (
        <p role="status" className="bg-amber-200 px-4 py-1 text-black">
          Offline: what you see may be old. Deadlines go on without this page.
        </p>
      )}
      <main className="p-4">
        <Outlet />
      </main>
    </>
  )
}
