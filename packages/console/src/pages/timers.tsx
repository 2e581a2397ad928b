import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { agentNames, sentence } from '../agent-names.ts'
import { api, body, type Incident } from '../api.ts'
import { useServerNow } from '../clock.ts'
import { Badge, LevelMark } from '../components/badges.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { clockText, countdownText } from '../durations.ts'
import { openIncidentsQuery } from '../open-incidents.ts'

/** A deadline that is younger than this is being served, ms: the promise is a second. */
const SERVED_WITHIN_MS = 1_000

/** Every armed deadline, the next first, and what happens then. */
export function TimersPage() {
  const timers = useQuery({
    queryKey: ['lists', 'timers'],
    queryFn: () => body(api.timers.$get({ query: {} })),
  })
  const incidents = useQuery(openIncidentsQuery)
  const byId = new Map(incidents.data?.incidents.map((incident) => [incident.id, incident]))
  return (
    <>
      <h1>Timers</h1>
      <p className="mb-3 text-muted">
        Deadlines of open incidents, by the database’s clock. They are rows in the log: no restart loses one.
      </p>
      {timers.error !== null ? (
        <Failed error={timers.error} retry={() => void timers.refetch()} />
      ) : timers.data === undefined ? (
        <Loading what="deadlines" />
      ) : timers.data.timers.length === 0 ? (
        <Empty title="No deadline is armed.">No open incident waits for anybody.</Empty>
      ) : (
        <DataTable
          caption="Deadlines, the next first"
          rows={timers.data.timers.map((timer) => ({ ...timer, incident: byId.get(timer.incidentId) }))}
          keyOf={({ incidentId }) => incidentId}
          columns={[
            { head: 'Left', numeric: true, cell: ({ dueAt }) => <Left dueAt={dueAt} /> },
            {
              head: 'Incident',
              names: true,
              cell: ({ incidentId, incident }) => (
                <Link to="/incidents/$id" params={{ id: incidentId }} className="break-words">
                  <bdi>{incident?.title ?? incidentId}</bdi>
                </Link>
              ),
            },
            {
              head: 'Level',
              cell: ({ incident }) => (incident === undefined ? '-' : <LevelMark level={incident.level} />),
            },
            {
              head: 'Then',
              cell: ({ kind, incident }) => (incident === undefined ? kind : thenWords(incident)),
            },
            { head: 'Due', cell: ({ dueAt }) => <Due dueAt={dueAt} /> },
          ]}
        />
      )}
    </>
  )
}

function Left({ dueAt }: { dueAt: string }) {
  const left = Date.parse(dueAt) - useServerNow()
  if (left > -SERVED_WITHIN_MS) return <span className="font-mono font-semibold">{countdownText(left)}</span>
  return (
    <Badge tone="danger" icon="warning">
      late by {countdownText(-left)}
    </Badge>
  )
}

function Due({ dueAt }: { dueAt: string }) {
  const now = useServerNow(60_000)
  return (
    <time dateTime={dueAt} className="figures whitespace-nowrap">
      {clockText(Date.parse(dueAt), now, true)}
    </time>
  )
}

type OpenIncident = Pick<Incident, 'level' | 'path' | 'status'>

/** What the deadline does without an answer, by the state of its incident. Source: docs/escalation.md, "States, commands". */
function thenWords({ level, path, status }: OpenIncident): string {
  const here = path.findIndex((step) => step.level === level)
  const told = sentence(agentNames(path[here]?.agents ?? []))
  const next = path[here + 1]
  switch (status) {
    case 'triggered':
      return next === undefined ? 'the alarm goes off' : `${sentence(agentNames(next.agents))} is notified`
    case 'acknowledged':
    case 'snoozed':
      return `${told} is notified again`
    case 'suppressed':
      return 'the wait goes on'
    default:
      return 'the alarm goes off again'
  }
}
