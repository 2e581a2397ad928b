import { Link, type LinkProps } from '@tanstack/react-router'

/** Parts of a page that have addresses of their own; `count` is beside the name. */
export interface PageTab {
  name: string
  label: string
  link: Pick<LinkProps, 'to' | 'params' | 'search'>
  count?: number
}

/** The way between the parts of a page. They are links, so each can be opened, kept and sent. */
export function PageTabs({ label, tabs }: { label: string; tabs: readonly PageTab[] }) {
  return (
    <nav aria-label={label} className="mb-4 overflow-x-auto border-b">
      <ul className="flex gap-1">
        {tabs.map(({ name, label: word, link, count }) => (
          <li key={name}>
            <Link
              {...link}
              replace
              activeOptions={{ exact: true, includeSearch: true }}
              className="touch -mb-px inline-flex items-center gap-1.5 border-b-2 border-transparent px-3 text-muted no-underline hover:text-ink hover:no-underline aria-[current=page]:border-accent aria-[current=page]:font-semibold aria-[current=page]:text-ink"
            >
              {word}
              {count === undefined || count === 0 ? null : (
                <span className="figures rounded bg-raised px-1.5 text-sm">{count}</span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
