import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { DataTable } from '../../components/data-table.tsx'
import { Facts, Panel } from '../../components/facts.tsx'
import { Failed, Loading } from '../../components/states.tsx'
import { When } from '../../components/when.tsx'
import { type AgentState, type LogEntry, statechartQuery } from './agent-query.ts'
import { StatechartView } from './statechart.tsx'
import { Steer } from './steer.tsx'

/** An agent's state: its machine, its seat, its open work, and its last events. */
export function StateTab({ state, events }: { state: AgentState; events: readonly LogEntry[] }) {
  const chart = useQuery(statechartQuery(state.id))
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Panel title="Now">
        <Facts
          facts={[
            ['State', state.status],
            ['Seat', state.seat === 'human' ? 'a person' : 'its playbook'],
            ['Workload', state.workload],
            [
              'Last active',
              state.lastActiveAt === null ? 'never' : <When key="last" at={state.lastActiveAt} />,
            ],
            ['Holds', <Incidents key="held" ids={state.incidents.held} />],
            ['Must answer', <Incidents key="asked" ids={state.incidents.addressed} />],
            ['Opened itself', <Incidents key="own" ids={state.incidents.own} />],
          ]}
        />
        <div className="mt-3">
          <Steer state={state} />
        </div>
      </Panel>
      <Panel title="Its machine">
        {chart.error !== null ? (
          <Failed error={chart.error} retry={() => void chart.refetch()} />
        ) : chart.data === undefined ? (
          <Loading what="its machine" />
        ) : (
          <StatechartView chart={chart.data} />
        )}
      </Panel>
      <div className="min-w-0 lg:col-span-2">
        <h2 className="mb-2">What it did last</h2>
        {events.length === 0 ? (
          <p className="text-muted">It never had a message.</p>
        ) : (
          <DataTable
            caption={`The last ${events.length} entries of its log`}
            rows={events.toReversed()}
            keyOf={({ seq }) => String(seq)}
            columns={[
              { head: 'Seq', names: true, numeric: true, cell: ({ seq }) => seq },
              { head: 'When', cell: ({ at }) => <When at={at} /> },
              { head: 'What', cell: ({ type }) => <code>{type}</code> },
              { head: 'Data', cell: ({ data }) => <Data data={data} /> },
            ]}
          />
        )}
      </div>
    </div>
  )
}

function Incidents({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) return <span className="text-muted">none</span>
  return (
    <ul className="flex flex-wrap gap-x-3">
      {ids.map((id) => (
        <li key={id}>
          <Link to="/incidents/$id" params={{ id }} className="font-mono text-sm">
            …{id.slice(-8)}
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** Data of an event as a line; a click shows all of it. */
function Data({ data }: { data: Record<string, unknown> }) {
  const text = JSON.stringify(data)
  if (text.length <= 90) return <code className="text-sm break-all text-muted">{text}</code>
  return (
    <details>
      <summary className="text-sm break-all text-muted">{text.slice(0, 90)}…</summary>
      <pre className="mt-1 text-sm break-all whitespace-pre-wrap">{JSON.stringify(data, null, 2)}</pre>
    </details>
  )
}
