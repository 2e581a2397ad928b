import { Dialog } from './components/dialog.tsx'
import { useNavigation } from './navigation.ts'

const KEYS: [string, [string[], string][]][] = [
  [
    'Everywhere',
    [
      [['Ctrl', 'K'], 'find an agent, an incident or a page'],
      [['/'], 'to the search of the page'],
      [['?'], 'this help'],
    ],
  ],
  [
    'Incidents',
    [
      [['j', 'k'], 'next, previous'],
      [['Enter'], 'open'],
      [['/'], 'filter by text'],
    ],
  ],
  [
    'An incident',
    [
      [['a'], 'acknowledge'],
      [['e'], 'escalate'],
      [['r'], 'resolve'],
      [['1', '2', '3', '4'], 'Timeline, Evidence, Events, Replay'],
    ],
  ],
  [
    'Replay',
    [
      [['Space'], 'play, pause'],
      [['←', '→'], 'one event back, on'],
      [['Home', 'End'], 'first, last event'],
      [['+', '-'], 'faster, slower'],
    ],
  ],
]

/** Which keys do what. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const pages = useNavigation()
  const goTo: (typeof KEYS)[number] = ['Go to', pages.map(({ key, label }) => [['g', key], label])]
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="grid gap-5 sm:grid-cols-2">
        {KEYS.toSpliced(1, 0, goTo).map(([where, keys]) => (
          <section key={where}>
            <h3 className="mb-1.5 text-sm font-semibold text-muted">{where}</h3>
            <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-3 gap-y-1.5">
              {keys.map(([names, what]) => (
                <div key={what} className="contents">
                  <dt className="flex gap-1">
                    {names.map((name) => (
                      <kbd
                        key={name}
                        className="rounded border border-edge bg-raised px-1.5 font-mono text-sm"
                      >
                        {name}
                      </kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
