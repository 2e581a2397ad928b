import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Empty, Failed, Loading } from './components/states.tsx'
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
  component: lazyRouteComponent(() => import('./pages/now.tsx'), 'NowPage'),
})

const incidents = createRoute({
  getParentRoute,
  path: '/incidents',
  component: lazyRouteComponent(() => import('./pages/incidents.tsx'), 'IncidentsPage'),
})

const incident = createRoute({
  getParentRoute,
  path: '/incidents/$id',
  component: lazyRouteComponent(() => import('./pages/incident.tsx'), 'IncidentPage'),
})

/** Every page by its address. */
export const router = createRouter({
  routeTree: root.addChildren([now, incidents, incident]),
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading what="the page" />,
  defaultErrorComponent: ({ error, reset }) => (
    <Failed error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
  ),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
