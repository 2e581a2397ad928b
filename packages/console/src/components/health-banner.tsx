import { countdownText } from '../durations.ts'
import { TROUBLES, useHealth, useStaleMs } from '../health.ts'
import { Icon } from './icon.tsx'

/** The one banner for everything that makes a page untrue: what is broken, since when, and that it mends itself. */
export function HealthBanner() {
  const { trouble } = useHealth()
  return (
    <div role="status" aria-label="What is broken">
      {trouble === null ? null : (
        <p className="flex items-center gap-2 border-b border-warn bg-warn-soft px-4 py-2 text-warn sm:px-6">
          <Icon name="warning" />
          <span>
            <strong>{TROUBLES[trouble]}</strong> What you see may be old. <StaleAge />
            {trouble === 'stream'
              ? 'The page asks every few seconds instead.'
              : 'Nothing can be done from here until it is back.'}{' '}
            {trouble === 'database' ? '' : 'Deadlines go on without this page. '}It catches up by itself.
          </span>
        </p>
      )}
    </div>
  )
}

/** How long ago everything was well, while it is not: "(as of 0:12 ago)". */
export function StaleAge() {
  const { trouble } = useHealth()
  return trouble === null ? null : <Age />
}

function Age() {
  return <>(as of {countdownText(useStaleMs())} ago) </>
}
