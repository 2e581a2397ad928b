import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { watchHealth } from './health.ts'
import { prefetchPages } from './lazy-page.tsx'
import { follow } from './live.ts'
import { router } from './router.tsx'
import { applyTheme } from './theme.ts'
import './styles.css'

applyTheme()
// What is shown changes by events; the rest is fetched again when the tab is opened again.
const client = new QueryClient({ defaultOptions: { queries: { staleTime: 5_000, retry: 1 } } })
follow(client)
watchHealth(client)
prefetchPages()

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
