import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { IncidentPage } from './pages/incident.tsx'
import { IncidentsPage } from './pages/incidents.tsx'
import { Shell } from './shell.tsx'

const root = createRootRoute({ component: Shell })

const incidents = createRoute({ getParentRoute: () => root, path: '/incidents', component: IncidentsPage })

const incident = createRoute({
  getParentRoute: () => root,
  path: '/incidents/$id',
  component: function Incident() {
    return <IncidentPage id={incident.useParams().id} />
  },
})

/** Every page by its address. */
export const router = createRouter({ routeTree: root.addChildren([incidents, incident]) })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
