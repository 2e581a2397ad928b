import { Link } from '@tanstack/react-router'
import { Icon } from '../../components/icon.tsx'
import { AgentMarks } from './agent-marks.tsx'
import { type Lane, type LaneGroup, lanesOf } from './lanes.ts'
import type { OrgAgent } from './org-query.ts'

/** The organization as six lanes below the agents above the chiefs. */
export function LaneBoard({
  agents,
  shown,
}: {
  agents: readonly OrgAgent[]
  shown: (agent: OrgAgent) => boolean
}) {
  const { top, lanes } = lanesOf(agents)
  return (
    <div className="grid grid-cols-1 gap-3">
      <ul aria-label="Above the chiefs" className="flex flex-wrap gap-2">
        {top.map((agent) => (
          <li
            key={agent.id}
            className={`rounded-md border bg-surface px-3 py-1.5 ${shown(agent) ? '' : 'opacity-40'}`}
          >
            <AgentEntry agent={agent} strong />
          </li>
        ))}
      </ul>
      <ol
        aria-label="Lanes of the chiefs"
        className="grid grid-cols-1 items-start gap-3 sm:grid-cols-2 xl:grid-cols-3 2xl:grid-cols-3"
      >
        {lanes.map((lane) => (
          <LaneCard key={lane.chief.id} lane={lane} shown={shown} />
        ))}
      </ol>
    </div>
  )
}

function LaneCard({ lane: { chief, groups }, shown }: { lane: Lane; shown: (agent: OrgAgent) => boolean }) {
  const size = groups.reduce((sum, { members }) => sum + members.length, 0)
  return (
    <li className="rounded-md border bg-surface">
      <div className="rounded-t-md border-b bg-raised px-3 py-2">
        <AgentEntry agent={chief} strong />
        <p className="text-sm text-muted">{size} agents below</p>
      </div>
      {groups.map((group) => (
        <Group key={group.domain ?? 'none'} group={group} shown={shown} />
      ))}
    </li>
  )
}

function Group({
  group: { domain, head, members },
  shown,
}: {
  group: LaneGroup
  shown: (agent: OrgAgent) => boolean
}) {
  const below = members.filter(({ id }) => id !== domain)
  const here = members.find(({ id }) => id === domain)
  return (
    <div className="border-b px-3 py-2 last:border-b-0">
      {here === undefined ? (
        <p className="text-sm font-semibold text-muted">
          {head === null ? (
            'Directly below'
          ) : (
            <>
              With <bdi>{head.name}</bdi>
            </>
          )}
        </p>
      ) : (
        <div className={shown(here) ? '' : 'opacity-40'}>
          <AgentEntry agent={here} strong />
        </div>
      )}
      <ul className="mt-0.5">
        {below.map((agent) => (
          <li key={agent.id} className={shown(agent) ? '' : 'opacity-40'}>
            <AgentEntry agent={agent} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function AgentEntry({ agent, strong = false }: { agent: OrgAgent; strong?: boolean }) {
  return (
    <div className="flex items-baseline gap-2">
      <Link
        to="/agents/$id"
        params={{ id: agent.id }}
        title={`${agent.id} ${agent.name}`}
        className={`touch-inline min-w-0 truncate py-0.5 text-ink no-underline hover:underline ${strong ? 'font-semibold' : ''}`}
      >
        <span className="figures text-sm text-muted">{shortId(agent.id)}</span> <bdi>{agent.name}</bdi>
      </Link>
      <span className="ml-auto shrink-0">
        <AgentMarks agent={agent} />
      </span>
      {agent.hasCard ? null : <Icon name="warning" className="self-center text-warn" />}
    </div>
  )
}

/** `layer-31` as `L31`: in a lane the name says the rest. */
function shortId(id: string): string {
  const [, kind = '', number] = /^(layer|domain|chief|expert|ops)-(\d+)$/.exec(id) ?? []
  return number === undefined ? '' : `${kind.slice(0, 1).toUpperCase()}${number}`
}
