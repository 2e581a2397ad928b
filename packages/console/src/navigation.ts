import type { LinkProps } from '@tanstack/react-router'
import type { IconName } from './components/icon.tsx'

/** The pages that every page leads to, in this order. */
export const NAVIGATION: { to: NonNullable<LinkProps['to']>; label: string; icon: IconName }[] = [
  { to: '/', label: 'Now', icon: 'clock' },
  { to: '/incidents', label: 'Incidents', icon: 'alarm' },
  { to: '/org', label: 'Organisation', icon: 'org' },
  { to: '/inbox', label: 'Inbox', icon: 'inbox' },
]
