import { Link } from '@tanstack/react-router'
import { DataTable } from '../../components/data-table.tsx'
import { AgentMarks } from './agent-marks.tsx'
import type { OrgAgent } from './org-query.ts'

/** All agents as a table: the same as the lanes, in rows. */
export function Outline({ agents }: { agents: readonly OrgAgent[] }) {
  return (
    <DataTable
      caption={`Agents, ${agents.length}`}
      rows={agents}
      keyOf={({ id }) => id}
      columns={[
        {
          head: 'Agent',
          names: true,
          cell: ({ id }) => (
            <Link to="/agents/$id" params={{ id }} className="whitespace-nowrap">
              {id}
            </Link>
          ),
        },
        { head: 'Name', cell: ({ name }) => <bdi>{name}</bdi> },
        { head: 'Kind', cell: ({ kind }) => kind },
        { head: 'Reports to', cell: ({ reportsTo }) => reportsTo.join(', ') || 'nobody' },
        { head: 'State', cell: ({ status }) => status },
        { head: 'Open', cell: (agent) => <AgentMarks agent={agent} words /> },
      ]}
    />
  )
}
