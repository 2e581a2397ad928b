import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Badge } from './components/badges.tsx'
import { Button } from './components/button.tsx'
import { Icon } from './components/icon.tsx'
import { HealthBanner } from './components/health-banner.tsx'
import { Toaster } from './components/toaster.tsx'
import { HelpDialog } from './help.tsx'
import { useHotkeys } from './hotkeys.ts'
import { useNavigation } from './navigation.ts'
import { useSession } from './session.ts'
import { Shortcuts } from './shortcuts.tsx'
import { type Theme, THEMES, useTheme } from './theme.ts'

/** The frame of every page: the way to the others, and whether what is shown is still true. */
export function Shell() {
  const [help, setHelp] = useState(false)
  useHotkeys({ '?': () => setHelp(true) })
  const main = useFocusOnChange()
  const pages = useNavigation()
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[12.5rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded focus:bg-surface focus:p-3"
      >
        Skip to the page
      </a>
      <header className="z-20 flex items-center gap-2 border-b bg-surface px-3 py-1.5 lg:sticky lg:top-0 lg:h-dvh lg:flex-col lg:items-stretch lg:gap-4 lg:border-r lg:border-b-0 lg:px-3 lg:py-4">
        <Link to="/" className="flex items-center gap-2 px-1 font-bold tracking-wide text-ink no-underline">
          <Mark />
          <span className="max-sm:sr-only">ESA</span>
        </Link>
        <nav aria-label="Pages" className="min-w-0 grow overflow-x-auto lg:overflow-visible">
          <ul className="flex gap-0.5 lg:flex-col">
            {pages.map(({ to, label, icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  activeOptions={{ exact: to === '/' }}
                  className="touch flex items-center gap-2 rounded-md px-2.5 py-1 whitespace-nowrap text-muted no-underline hover:bg-raised hover:no-underline aria-[current=page]:bg-raised aria-[current=page]:font-semibold aria-[current=page]:text-ink"
                >
                  <Icon name={icon} />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <OneOperator />
        <div className="flex items-center gap-1 lg:justify-between">
          <Shortcuts />
          <ThemeButton />
          <Button
            look="quiet"
            aria-label="Help and keys"
            title="Help and keys (?)"
            onClick={() => setHelp(true)}
          >
            ?
          </Button>
        </div>
      </header>
      <div className="min-w-0">
        <HealthBanner />
        <main id="main" ref={main} tabIndex={-1} className="mx-auto max-w-[88rem] px-3 py-4 sm:px-6 sm:py-5">
          <Outlet />
        </main>
      </div>
      <Toaster />
      {help ? <HelpDialog onClose={() => setHelp(false)} /> : null}
    </div>
  )
}

/** After a link, keyboard and screen reader continue at the new page, not at the link that is gone. */
function useFocusOnChange() {
  const main = useRef<HTMLElement>(null)
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const before = useRef(path)
  useEffect(() => {
    if (before.current === path) return
    before.current = path
    main.current?.focus({ preventScroll: true })
    // On a phone the list of pages is a strip that scrolls.
    document.querySelector('nav [aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [path])
  return main
}

/** Where one person approves alone, every page says so. */
function OneOperator() {
  const operator = useSession()?.oneOperator ?? null
  if (operator === null) return null
  return (
    <p className="min-w-0 text-sm lg:px-1" title={`${operator} approves alone what may lose data`}>
      <Badge tone="warn" icon="person">
        one operator
      </Badge>{' '}
      <bdi className="break-words max-lg:sr-only">{operator}</bdi>
    </p>
  )
}

const THEME_ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const

function ThemeButton() {
  const [theme, choose] = useTheme()
  const next: Theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
  return (
    <Button
      look="quiet"
      icon={THEME_ICONS[theme]}
      aria-label={`Colors: ${theme}. Change to ${next}`}
      title={`Colors: ${theme}`}
      onClick={() => choose(next)}
    />
  )
}

/** A ladder with one rung taken: what the product does. */
function Mark() {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true" className="size-6">
      <rect width="20" height="20" rx="4" fill="var(--accent)" />
      <path
        d="M6.5 3.5v13M13.5 3.5v13M6.5 7h7M6.5 13h7"
        stroke="var(--on-accent)"
        strokeWidth="1.6"
        strokeLinecap="round"
      />
      <circle cx="10" cy="10" r="2" fill="var(--on-accent)" />
    </svg>
  )
}
