import { formatDuration } from '@esa/protocol'
import { useQuery } from '@tanstack/react-query'
import { api, body } from '../api.ts'
import { AgentLink } from '../components/agent-link.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Panel } from '../components/facts.tsx'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { When } from '../components/when.tsx'

/** What waits in the queues moves without any event of a log, so it is polled, ms. */
const LOOK_EVERY_MS = 2_000

/** What waits, what was given up, and who works it off. */
export function QueuesPage() {
  const queues = useQuery({
    queryKey: ['lists', 'queues'],
    queryFn: () => body(api.queues.$get()),
    refetchInterval: LOOK_EVERY_MS,
  })
  return (
    <>
      <h1>Queues</h1>
      <p className="mb-3 text-muted">
        Messages are rows in the database; a queue only rings. What waits here is late, never lost.
      </p>
      {queues.error !== null ? (
        <Failed error={queues.error} retry={() => void queues.refetch()} />
      ) : queues.data === undefined ? (
        <Loading what="queues" />
      ) : (
        <Board {...queues.data} />
      )}
    </>
  )
}

type Queues = Awaited<ReturnType<Awaited<ReturnType<typeof api.queues.$get>>['json']>>

function Board({ queues, workers, dead, deadMessages, messages, activities, oldestMs }: Queues) {
  return (
    <div className="grid grid-cols-1 gap-4">
      <Panel title={`${messages + activities} wait${messages + activities === 1 ? 's' : ''}`}>
        <p className="mb-2 text-muted">
          {messages} messages, {activities} activities
          {oldestMs === null ? '' : `, the oldest for ${formatDuration(oldestMs)}`}; {dead} given up.
        </p>
        <DataTable
          caption="What waits by queue"
          rows={queues}
          keyOf={({ queue }) => queue}
          columns={[
            { head: 'Queue', names: true, cell: ({ queue }) => queue },
            { head: 'Messages', numeric: true, cell: (row) => row.messages },
            { head: 'Activities', numeric: true, cell: (row) => row.activities },
            {
              head: 'Oldest',
              numeric: true,
              cell: (row) => (row.oldestMs === null ? '-' : formatDuration(row.oldestMs)),
            },
          ]}
        />
      </Panel>
      <Panel title="Workers">
        {workers.length === 0 ? (
          <Empty title="No worker is running.">
            Nothing is delivered and no deadline is served until one starts: <code>esa up</code>
          </Empty>
        ) : (
          <DataTable
            caption="Workers"
            rows={workers}
            keyOf={({ id }) => id}
            columns={[
              { head: 'Worker', names: true, cell: ({ id }) => <code className="text-sm">{id}</code> },
              { head: 'Host', cell: ({ host, pid }) => `${host}, pid ${pid}` },
              { head: 'Started', cell: ({ startedAt }) => <When at={startedAt} /> },
              { head: 'Heard', numeric: true, cell: ({ beatAgeMs }) => `${formatDuration(beatAgeMs)} ago` },
              { head: 'Clock off by', numeric: true, cell: ({ skewMs }) => formatDuration(skewMs) },
            ]}
          />
        )}
      </Panel>
      <Panel title="Given up">
        {deadMessages.length === 0 ? (
          <p className="text-muted">No message was given up.</p>
        ) : (
          <DataTable
            caption="Messages that were given up, the newest first"
            rows={deadMessages}
            keyOf={({ id }) => id}
            columns={[
              { head: 'When', cell: ({ at }) => <When at={at} /> },
              { head: 'From', cell: ({ from }) => <AgentLink id={from} /> },
              { head: 'To', cell: ({ to }) => (to === null ? '-' : <AgentLink id={to} />) },
              { head: 'Type', names: true, cell: ({ type }) => type },
              { head: 'Why', cell: ({ code }) => <code>{code}</code> },
            ]}
          />
        )}
      </Panel>
    </div>
  )
}
