import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { Empty, Loading } from './components/states.tsx'
import { lazyPage, PageFailed } from './lazy-page.tsx'
import { incidentSearch } from './pages/incident-search.ts'
import { incidentsSearch } from './pages/incidents-search.ts'
import { Shell } from './shell.tsx'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <Empty title="There is no such page.">Choose one from the list of pages.</Empty>,
})

const getParentRoute = () => root

// Each page is a chunk of its own: the first page loads itself and what all share.
const now = createRoute({
  getParentRoute,
  path: '/',
  component: lazyPage(() => import('./pages/now.tsx'), 'NowPage'),
})

const incidents = createRoute({
  getParentRoute,
  path: '/incidents',
  validateSearch: incidentsSearch,
  component: lazyPage(() => import('./pages/incidents.tsx'), 'IncidentsPage'),
})

const incident = createRoute({
  getParentRoute,
  path: '/incidents/$id',
  validateSearch: incidentSearch,
  component: lazyPage(() => import('./pages/incident.tsx'), 'IncidentPage'),
})

const org = createRoute({
  getParentRoute,
  path: '/org',
  validateSearch: (search): { at?: string | undefined; view?: 'lanes' | 'outline' | undefined } => ({
    ...(typeof search['at'] === 'string' ? { at: search['at'] } : {}),
    ...(search['view'] === 'outline' ? { view: 'outline' } : {}),
  }),
  component: lazyPage(() => import('./pages/org.tsx'), 'OrgPage'),
})

const agent = createRoute({
  getParentRoute,
  path: '/agents/$id',
  validateSearch: ({ tab }): { tab?: 'state' | 'inbox' | 'tasks' | undefined } =>
    tab === 'state' || tab === 'inbox' || tab === 'tasks' ? { tab } : {},
  component: lazyPage(() => import('./pages/agent.tsx'), 'AgentPage'),
})

const inbox = createRoute({
  getParentRoute,
  path: '/inbox',
  validateSearch: ({ agent: seat }): { agent?: string | undefined } =>
    typeof seat === 'string' ? { agent: seat } : {},
  component: lazyPage(() => import('./pages/inbox.tsx'), 'InboxPage'),
})

const timers = createRoute({
  getParentRoute,
  path: '/timers',
  component: lazyPage(() => import('./pages/timers.tsx'), 'TimersPage'),
})

const queues = createRoute({
  getParentRoute,
  path: '/queues',
  component: lazyPage(() => import('./pages/queues.tsx'), 'QueuesPage'),
})

const simulate = createRoute({
  getParentRoute,
  path: '/simulate',
  component: lazyPage(() => import('./pages/simulate.tsx'), 'SimulatePage'),
})

const settings = createRoute({
  getParentRoute,
  path: '/settings',
  component: lazyPage(() => import('./pages/settings.tsx'), 'SettingsPage'),
})

const databases = createRoute({
  getParentRoute,
  path: '/db',
  component: lazyPage(() => import('./pages/databases.tsx'), 'DatabasesPage'),
})

const database = createRoute({
  getParentRoute,
  path: '/db/$target',
  component: lazyPage(() => import('./pages/database.tsx'), 'DatabasePage'),
})

/** Every page by its address. */
export const router = createRouter({
  routeTree: root.addChildren([
    now,
    incidents,
    incident,
    org,
    agent,
    inbox,
    timers,
    queues,
    simulate,
    settings,
    databases,
    database,
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading what="the page" />,
  defaultErrorComponent: ({ error, reset }) => (
    <PageFailed error={error instanceof Error ? error : new Error(String(error))} reset={reset} />
  ),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
