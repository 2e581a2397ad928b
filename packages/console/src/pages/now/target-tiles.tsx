import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, body } from '../../api.ts'
import { Icon } from '../../components/icon.tsx'
import { When } from '../../components/when.tsx'

/** Readings come by the minute, and not by an event, ms. */
const LOOK_EVERY_MS = 30_000

/** The databases that are watched, each with its metrics beside what is promised; nothing where none is. */
export function TargetTiles() {
  const targets = useQuery({
    queryKey: ['targets'],
    queryFn: () => body(api.db.targets.$get()),
    staleTime: LOOK_EVERY_MS,
  })
  if (targets.data === undefined || targets.data.targets.length === 0) return null
  return (
    <section aria-labelledby="databases">
      <h2 id="databases" className="mb-2">
        Databases
      </h2>
      <div className="grid gap-3">
        {targets.data.targets.map(({ name }) => (
          <Board key={name} name={name} />
        ))}
      </div>
    </section>
  )
}

function Board({ name }: { name: string }) {
  const board = useQuery({
    queryKey: ['targets', name],
    queryFn: () => body(api.db.targets[':name'].$get({ param: { name }, query: {} })),
    refetchInterval: LOOK_EVERY_MS,
  })
  const tiles = board.data?.tiles ?? []
  return (
    <div className="rounded-md border bg-surface px-4 py-3">
      <h3 className="mb-2 font-semibold">
        <Link to="/db/$target" params={{ target: name }}>
          {name}
        </Link>
      </h3>
      {board.error === null ? null : <p className="text-danger">{board.error.message}</p>}
      <ul className="grid grid-cols-[repeat(auto-fit,minmax(11rem,1fr))] gap-x-6 gap-y-3">
        {tiles.map(({ key, text, value, unit, ok, at }) => (
          <li key={key} className="min-w-0">
            <span className="block truncate text-sm text-muted" title={text}>
              {key.replaceAll('-', ' ')}
            </span>
            <span
              className={`flex items-center gap-1.5 text-lg font-semibold ${ok === false ? 'text-danger' : ''}`}
            >
              <Icon
                name={ok === null ? 'dot' : ok ? 'check' : 'warning'}
                className={ok === true ? 'text-good' : ok === null ? 'text-muted' : ''}
              />
              <span className="figures">
                {value === null
                  ? '—'
                  : `${value.toLocaleString('en-GB', { maximumFractionDigits: 2 })} ${unit === 'count' ? '' : unit}`}
              </span>
              <span className="sr-only">
                {ok === null ? 'not known' : ok ? 'within its bound' : 'out of its bound'}
              </span>
            </span>
            <span className="text-sm text-muted">{at === null ? 'never measured' : <When at={at} />}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
