import { Badge } from '../../components/badges.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { When } from '../../components/when.tsx'
import type { Statechart } from './agent-query.ts'

/** A machine as boxes within boxes, the state it is in marked; the same as a table below. */
export function StatechartView({ chart }: { chart: Statechart }) {
  return (
    <div className="grid grid-cols-1 gap-3">
      <p className="text-sm text-muted">
        {chart.machine}, version {chart.version}, after {chart.seq} events.{' '}
        {chart.timer === null ? (
          'No timer is armed.'
        ) : (
          <>
            Timer {chart.timer.kind}: <When at={chart.timer.dueAt} />.
          </>
        )}
      </p>
      <ul aria-label="States" className="grid grid-cols-1 gap-2">
        <Inside chart={chart} parent={null} />
      </ul>
      <details>
        <summary className="touch font-semibold">Every way from state to state</summary>
        <DataTable
          caption="Transitions"
          rows={chart.states.flatMap(({ id, transitions }) =>
            transitions.map((transition, n) => ({ key: `${id} ${n}`, from: id, ...transition })),
          )}
          keyOf={({ key }) => key}
          columns={[
            { head: 'In', names: true, cell: ({ from }) => from },
            { head: 'On', cell: ({ on }) => <code>{on === '*' ? 'anything else' : on}</code> },
            { head: 'If', cell: ({ guard }) => guard ?? '-' },
            { head: 'Goes to', cell: ({ target }) => target ?? 'stays' },
          ]}
        />
      </details>
    </div>
  )
}

function Inside({ chart, parent }: { chart: Statechart; parent: string | null }) {
  return chart.states
    .filter((state) => state.parent === parent)
    .map((state) => {
      const active = chart.active.includes(state.id)
      const nested = chart.states.some(({ parent: above }) => above === state.id)
      const ways = state.transitions.filter(({ target }) => target !== null)
      return (
        <li
          key={state.id}
          className={`rounded-lg border-2 px-3 py-2 ${active ? 'border-accent bg-page' : 'border-line bg-surface'}`}
        >
          <div className="flex flex-wrap items-center gap-2">
            {state.initial ? <span title="begins here">●→</span> : null}
            <strong>{state.name}</strong>
            {active ? (
              <Badge tone="good" icon="check">
                is here
              </Badge>
            ) : null}
          </div>
          {ways.length === 0 ? null : (
            <ul className="mt-1 flex flex-wrap gap-x-4 text-sm text-muted">
              {ways.map(({ on, guard, target }) => (
                <li key={`${on} ${guard} ${target}`} className="figures">
                  <code>{on}</code>
                  {guard === null ? null : ` [${guard}]`} → {target?.split('.').at(-1)}
                </li>
              ))}
            </ul>
          )}
          {nested ? (
            <ul className="mt-2 grid gap-2 sm:grid-cols-2">
              <Inside chart={chart} parent={state.id} />
            </ul>
          ) : null}
        </li>
      )
    })
}
