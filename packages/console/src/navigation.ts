import { useQuery } from '@tanstack/react-query'
import type { LinkProps } from '@tanstack/react-router'
import { Refusal } from './api.ts'
import type { IconName } from './components/icon.tsx'
import { targetsQuery } from './pages/db/db-query.ts'

interface Page {
  to: NonNullable<LinkProps['to']>
  label: string
  icon: IconName
  key: string
}

/** The pages that every page leads to, in this order; `key` after `g` goes there. */
const NAVIGATION: Page[] = [
  { to: '/', label: 'Now', icon: 'clock', key: 'n' },
  { to: '/incidents', label: 'Incidents', icon: 'alarm', key: 'i' },
  { to: '/org', label: 'Organization', icon: 'org', key: 'o' },
  { to: '/inbox', label: 'Inbox', icon: 'inbox', key: 'b' },
  { to: '/timers', label: 'Timers', icon: 'clock', key: 't' },
  { to: '/db', label: 'Databases', icon: 'database', key: 'd' },
  { to: '/queues', label: 'Queues', icon: 'queue', key: 'q' },
  { to: '/simulate', label: 'Simulate', icon: 'flask', key: 's' },
  { to: '/settings', label: 'Settings', icon: 'gear', key: ',' },
]

const WITHOUT_DATABASES = NAVIGATION.filter(({ to }) => to !== '/db')

/** The pages of this runtime: that of databases is there where a plugin looks after some. */
export function useNavigation(): readonly Page[] {
  const { error } = useQuery(targetsQuery)
  return error instanceof Refusal && error.status === 404 ? WITHOUT_DATABASES : NAVIGATION
}
