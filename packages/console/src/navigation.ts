import type { LinkProps } from '@tanstack/react-router'
import type { IconName } from './components/icon.tsx'

/** The pages that every page leads to, in this order; `key` after `g` goes there. */
export const NAVIGATION: { to: NonNullable<LinkProps['to']>; label: string; icon: IconName; key: string }[] =
  [
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
