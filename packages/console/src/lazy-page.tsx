import { type ComponentType, createElement, type ReactElement, use } from 'react'
import { Failed } from './components/states.tsx'

type Page = () => ReactElement

/** How long a page may be looked at before the others are fetched, ms: its own data goes first. */
const PREFETCH_AFTER_MS = 5_000

const loaders: (() => Promise<unknown>)[] = []
const forgets: (() => void)[] = []

/** A part of the console could not be fetched. */
class UnloadableError extends Error {}

/**
 * A page as a chunk of its own. A chunk that cannot be loaded is an error with a way to try again: the router's own loader
 * reloads the address instead, and where the server is dead that leads to the browser's error page.
 */
export function lazyPage<Name extends string>(
  load: () => Promise<Record<Name, ComponentType>>,
  name: Name,
): Page & { preload: () => Promise<void> } {
  let loading: Promise<ComponentType> | null = null
  const once = (): Promise<ComponentType> => {
    loading ??= load().then(
      (module) => module[name],
      (cause: unknown) => {
        throw new UnloadableError('A part of the console could not be loaded.', { cause })
      },
    )
    return loading
  }
  const tried = async (): Promise<void> => {
    try {
      await once()
    } catch {
      // The person who opens the page sees it; until then there is time to try again.
      loading = null
    }
  }
  loaders.push(tried)
  forgets.push(() => (loading = null))
  const LazyPage: Page = () => createElement(use(once()))
  return Object.assign(LazyPage, { preload: tried })
}

/** Fetches all pages once the first one is at rest: a server that dies later takes none of them along. */
export function prefetchPages(): void {
  setTimeout(() => void loadAll(), PREFETCH_AFTER_MS)
}

async function loadAll(): Promise<void> {
  for (const load of loaders) {
    await idle()
    await load()
  }
}

async function idle(): Promise<void> {
  await new Promise<void>((resolve) => {
    if ('requestIdleCallback' in window) requestIdleCallback(() => resolve())
    else setTimeout(resolve, 0)
  })
}

/** A page that failed. One that could not be loaded is loaded again; where that cannot help, the console is, if its server answers. */
export function PageFailed({ error, reset }: { error: Error; reset: () => void }) {
  const again = async (): Promise<void> => {
    if (error instanceof UnloadableError && (await isReplaced())) return window.location.reload()
    for (const forget of forgets) forget()
    reset()
  }
  return <Failed error={error} retry={() => void again()} />
}

/** True when the server answers with a console that was built since: this one's parts are gone. */
async function isReplaced(): Promise<boolean> {
  const page = await fetch('/').then(
    (answer) => (answer.ok ? answer.text() : ''),
    () => '',
  )
  const own = document.querySelector<HTMLScriptElement>('script[type=module][src]')?.getAttribute('src')
  return page !== '' && own !== null && own !== undefined && !page.includes(own)
}
