import { formatDuration } from '@esa/protocol'
import { useQuery } from '@tanstack/react-query'
import { api, body } from '../../api.ts'
import { AgentLink, AgentLinks } from '../../components/agent-link.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Facts, Panel } from '../../components/facts.tsx'
import { Failed, Loading } from '../../components/states.tsx'
import { When } from '../../components/when.tsx'
import type { AgentFigures, AgentState } from './agent-query.ts'

interface TasksTabProps {
  id: string
  state: AgentState
  figures: AgentFigures
}

/** What an agent works on and has done, whom it waits for, and the same of those below it together. */
export function TasksTab({ id, state, figures }: TasksTabProps) {
  const { team } = figures
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Panel title="What it has done">
        <Facts
          facts={[...ratioFacts(figures), ['Load', `${figures.workload.load}, ${figures.workload.level}`]]}
        />
      </Panel>
      {team === null ? null : (
        <Panel title={`The ${team.agents} below it`}>
          <Facts
            facts={[
              ...ratioFacts(team),
              ['Open items', team.openItems],
              ['Overloaded', <AgentLinks key="over" ids={team.overloaded} none="none" />],
              ['Last 24 h', trendWords(team.trend.last)],
              ['The day before', trendWords(team.trend.before)],
            ]}
          />
        </Panel>
      )}
      <div className="min-w-0 lg:col-span-2">
        <h2 className="mb-2">Whose answers it waits for</h2>
        {state.awaits.length === 0 ? (
          <p className="text-muted">It waits for no answer.</p>
        ) : (
          <DataTable
            caption={`What ${id} waits for`}
            rows={state.awaits}
            keyOf={({ messageId }) => messageId}
            columns={[
              { head: 'From', names: true, cell: ({ to }) => <AgentLink id={to} /> },
              { head: 'What', cell: ({ subject }) => <bdi>{subject}</bdi> },
              { head: 'Asked', cell: ({ sinceAt }) => <When at={sinceAt} /> },
              { head: 'Escalates', cell: ({ dueAt }) => <When at={dueAt} /> },
            ]}
          />
        )}
      </div>
      <div className="min-w-0 lg:col-span-2">
        <h2 className="mb-2">Messages</h2>
        <Messages id={id} />
      </div>
    </div>
  )
}

/** The messages that it sent or got, the newest first. */
function Messages({ id }: { id: string }) {
  const tasks = useQuery({
    queryKey: ['lists', 'tasks', id],
    queryFn: () => body(api.tasks.$get({ query: { agent: id } })),
  })
  if (tasks.error !== null) return <Failed error={tasks.error} retry={() => void tasks.refetch()} />
  if (tasks.data === undefined) return <Loading what="messages" />
  if (tasks.data.tasks.length === 0) return <p className="text-muted">It neither sent nor got a message.</p>
  return (
    <DataTable
      caption={`Messages of ${id}, the newest first`}
      rows={tasks.data.tasks}
      keyOf={({ id: message, to }) => `${message} ${to}`}
      columns={[
        { head: 'When', cell: ({ at }) => <When at={at} /> },
        { head: 'From', cell: ({ from }) => <AgentLink id={from} /> },
        { head: 'To', cell: ({ to }) => <AgentLink id={to} /> },
        { head: 'Type', cell: ({ type }) => type.replaceAll('_', ' ') },
        {
          head: 'Subject',
          names: true,
          cell: ({ subject }) => <bdi className="break-words">{subject}</bdi>,
        },
        {
          head: 'State',
          cell: ({ state, holder }) => (holder === null ? state : `${state}, with ${holder}`),
        },
      ]}
    />
  )
}

type Ratios = Pick<
  AgentFigures,
  'tasksCompleted' | 'tasksFailed' | 'averageMs' | 'errorRate' | 'lastActiveAt'
>

function ratioFacts({ tasksCompleted, tasksFailed, averageMs, errorRate, lastActiveAt }: Ratios) {
  return [
    ['Tasks completed', tasksCompleted],
    ['Tasks failed', tasksFailed],
    ['Average duration', averageMs === null ? 'nothing measured' : formatDuration(averageMs)],
    ['Error rate', errorRate === null ? 'nothing measured' : `${(errorRate * 100).toFixed(1)} %`],
    ['Last active', lastActiveAt === null ? 'never' : <When key="last" at={lastActiveAt} />],
  ] as const
}

function trendWords({
  tasksCompleted,
  tasksFailed,
  averageMs,
}: Omit<Ratios, 'lastActiveAt' | 'errorRate'>): string {
  const average = averageMs === null ? '' : `, ${formatDuration(averageMs)} on average`
  return `${tasksCompleted} completed, ${tasksFailed} failed${average}`
}
