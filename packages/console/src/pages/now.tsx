import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { InferResponseType } from 'hono/client'
import { agentNames } from '../agent-names.ts'
import { api, body, type Incident } from '../api.ts'
import { useServerNow } from '../clock.ts'
import { LevelMark, StatusBadge } from '../components/badges.tsx'
import { Deadline } from '../components/deadline.tsx'
import { Icon } from '../components/icon.tsx'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { lateText } from '../durations.ts'
import { TargetTiles } from './now/target-tiles.tsx'

type Status = InferResponseType<typeof api.status.$get, 200>

/** Deadlines that stand on this page: what fits above the fold. */
const DEADLINES = 12

/** What needs attention next: the next deadlines, what is open by tier, and how the databases are. */
export function NowPage() {
  const status = useQuery({ queryKey: ['lists', 'status'], queryFn: () => body(api.status.$get()) })
  const next = useQuery({
    queryKey: ['lists', 'next-deadlines'],
    queryFn: async () => {
      const { timers } = await body(api.timers.$get({ query: { limit: String(DEADLINES) } }))
      const found = timers.slice(0, DEADLINES).map(({ incidentId }) => incidentId)
      return await Promise.all(found.map((id) => body(api.incidents[':id'].$get({ param: { id } }))))
    },
  })
  return (
    <div className="grid gap-6">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <h1>Now</h1>
        {status.data === undefined ? null : <Health status={status.data} />}
      </div>
      {status.data === undefined ? null : <Troubles status={status.data} />}
      <section aria-labelledby="next">
        <h2 id="next" className="mb-2">
          Next deadlines
        </h2>
        {next.error !== null ? (
          <Failed error={next.error} retry={() => void next.refetch()} />
        ) : next.data === undefined ? (
          <Loading what="deadlines" />
        ) : next.data.length === 0 ? (
          <Empty title="Nothing is waiting for anybody.">No incident is open.</Empty>
        ) : (
          <Deadlines incidents={next.data} />
        )}
      </section>
      <section aria-labelledby="tiers">
        <h2 id="tiers" className="mb-2">
          Open by tier
        </h2>
        {status.error !== null ? (
          <Failed error={status.error} retry={() => void status.refetch()} />
        ) : status.data === undefined ? (
          <Loading what="figures" lines={2} />
        ) : (
          <Tiers status={status.data} />
        )}
      </section>
      <TargetTiles />
    </div>
  )
}

/** That the ladder is served, and how well, in a line. */
function Health({ status: { workers, lateness, agents, timeScale } }: { status: Status }) {
  return (
    <p className="figures text-muted">
      {workers.length} {workers.length === 1 ? 'worker' : 'workers'} · {agents} agents
      {lateness.p99Ms === null
        ? ''
        : ` · ${lateness.samples} deadlines served today, 99 % within ${lateText(lateness.p99Ms)}`}
      {timeScale === 1 ? '' : ` · waits divided by ${timeScale}`}
    </p>
  )
}

/** What is wrong with the ladder itself; nothing, usually. */
function Troubles({ status }: { status: Status }) {
  const { running, muted, overdue, exhausted, exhaustedCount, lateness } = status
  const troubles = [
    running ? null : 'No worker runs: deadlines pass unserved. Start one with esa up.',
    muted ? 'This database is a copy: notifications are off. See esa adopt.' : null,
    overdue > 0 ? `${overdue} deadlines are overdue.` : null,
    exhaustedCount > 0 ? `${exhaustedCount} incidents have exhausted their escalation.` : null,
    lateness.maxMs !== null && lateness.maxMs > lateness.promiseMs
      ? `Today a deadline was served ${lateText(lateness.maxMs)} late; the promise is ${lateText(lateness.promiseMs)}.`
      : null,
  ].filter((trouble) => trouble !== null)
  if (troubles.length === 0) return null
  return (
    <ul className="grid gap-1 rounded-md border border-danger bg-danger-soft px-4 py-3">
      {troubles.map((trouble) => (
        <li key={trouble} className="flex gap-2">
          <Icon name="warning" className="mt-0.5 text-danger" />
          <span>
            {trouble}{' '}
            {trouble.includes('exhausted') && exhausted[0] !== undefined ? (
              <Link to="/incidents/$id" params={{ id: exhausted[0] }} className="underline">
                Look at the first
              </Link>
            ) : null}
          </span>
        </li>
      ))}
    </ul>
  )
}

function Deadlines({ incidents }: { incidents: readonly Incident[] }) {
  const now = useServerNow(1_000)
  return (
    <ol className="overflow-hidden rounded-md border bg-surface">
      {incidents.map((incident) => (
        <li key={incident.id} className="border-b last:border-b-0">
          <Link
            to="/incidents/$id"
            params={{ id: incident.id }}
            className="touch grid grid-cols-[7rem_minmax(0,1fr)] items-center gap-x-4 gap-y-0.5 px-3 py-2 text-ink no-underline hover:bg-raised hover:no-underline focus-visible:-outline-offset-2 md:grid-cols-[7rem_minmax(0,1fr)_8.5rem_minmax(0,16rem)]"
          >
            <span className="text-lg font-semibold">
              <Deadline deadlineAt={incident.deadlineAt} now={now} />
            </span>
            <span className="truncate font-medium">
              <bdi>{incident.title}</bdi>
            </span>
            <span className="max-md:col-start-2">
              <StatusBadge status={incident.status} />
            </span>
            <span className="truncate text-muted max-md:col-start-2">{thenWords(incident)}</span>
          </Link>
        </li>
      ))}
    </ol>
  )
}

/** Who is notified when the deadline passes. */
function thenWords({ status, level, path, timerKind }: Incident): string {
  const at = path.findIndex((rung) => rung.level === level)
  if (timerKind === 'alarm') return 'then the alarm again'
  if (status === 'acknowledged' || status === 'snoozed')
    return `then ${agentNames(path[at]?.agents ?? [])} again`
  const next = path[at + 1]
  return `then ${next === undefined ? 'the CEO once more' : agentNames(next.agents)}`
}

function Tiers({ status: { open } }: { status: Status }) {
  const now = useServerNow(1_000)
  return (
    <ul className="grid grid-cols-[repeat(auto-fit,minmax(11rem,1fr))] gap-2">
      {open.levels.map(({ level, open: count, overdue, nextDeadlineAt, byStatus }) => (
        <li key={level}>
          <Link
            to="/incidents"
            search={{ level }}
            className="grid gap-1 rounded-md border bg-surface px-4 py-3 text-ink no-underline hover:border-edge hover:no-underline"
          >
            <span className="flex items-baseline justify-between">
              <LevelMark level={level} />
              <strong className="figures text-2xl leading-none">{count}</strong>
            </span>
            <span className="text-sm text-muted">
              {count === 0
                ? 'nothing is open'
                : Object.entries(byStatus)
                    .map(([name, n]) => `${n} ${name}`)
                    .join(', ')}
              {overdue > 0 ? <strong className="text-danger"> · {overdue} overdue</strong> : null}
            </span>
            <span className="inline-flex items-center gap-1 text-sm">
              {nextDeadlineAt === null ? (
                <span className="text-muted">no deadline</span>
              ) : (
                <>
                  next in <Deadline deadlineAt={nextDeadlineAt} now={now} />
                </>
              )}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
