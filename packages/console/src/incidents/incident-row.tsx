import { Link } from '@tanstack/react-router'
import { agentName } from '../agent-names.ts'
import type { Incident } from '../api.ts'
import { Badge, LevelMark, StatusBadge } from '../components/badges.tsx'
import { Deadline } from '../components/deadline.tsx'
import { relative } from '../components/when.tsx'

/** One incident in a list; the whole row leads to it. */
export function IncidentRow({
  incident,
  current,
  now,
}: {
  incident: Incident
  current: boolean
  now: number
}) {
  const { id, title, status, level, agent, category, deadlineAt, openedAt, dataLoss } = incident
  return (
    <Link
      to="/incidents/$id"
      params={{ id }}
      tabIndex={current ? 0 : -1}
      data-current={current}
      aria-current={current ? 'true' : undefined}
      className="grid h-full grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 border-l-4 border-transparent px-3 text-ink no-underline hover:bg-raised hover:no-underline focus-visible:-outline-offset-2 data-[current=true]:border-accent data-[current=true]:bg-raised md:grid-cols-[8.5rem_5rem_minmax(0,1fr)_11rem_6rem_7.5rem]"
    >
      <span className="max-md:order-3">
        <StatusBadge status={status} />
      </span>
      <span className="hidden md:block">
        <LevelMark level={level} />
      </span>
      <span className="min-w-0 truncate font-medium max-md:order-1">
        {dataLoss ? (
          <span className="mr-2">
            <Badge tone="danger" icon="bolt">
              data loss
            </Badge>
          </span>
        ) : null}
        <bdi>{title}</bdi>
      </span>
      <span className="truncate text-muted max-md:hidden">
        {category} · {agentName(agent)}
      </span>
      <span className="figures hidden text-right text-sm text-muted md:block">{relative(openedAt, now)}</span>
      <span className="text-right max-md:order-2">
        <Deadline deadlineAt={deadlineAt} now={now} />
      </span>
      <span className="truncate text-right text-sm text-muted max-md:order-4 md:hidden">
        {level} · {agentName(agent)}
      </span>
    </Link>
  )
}
