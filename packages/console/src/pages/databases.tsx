import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { DataTable } from '../components/data-table.tsx'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { targetsQuery } from './db/db-query.ts'

/** The databases that this runtime looks after. */
export function DatabasesPage() {
  const targets = useQuery(targetsQuery)
  return (
    <>
      <h1 className="mb-3">Databases</h1>
      {targets.error !== null ? (
        <Failed error={targets.error} retry={() => void targets.refetch()} />
      ) : targets.data === undefined ? (
        <Loading what="databases" />
      ) : targets.data.targets.length === 0 ? (
        <Empty title="No database has a name here.">
          Give it one: <code>esa targets add shop postgres://…</code>
        </Empty>
      ) : (
        <DataTable
          caption="Databases"
          rows={targets.data.targets}
          keyOf={({ name }) => name}
          columns={[
            {
              head: 'Name',
              names: true,
              cell: ({ name }) => (
                <Link to="/db/$target" params={{ target: name }}>
                  {name}
                </Link>
              ),
            },
            { head: 'Where', cell: ({ at }) => <code className="text-sm break-all">{at}</code> },
            { head: 'Workload', cell: ({ workload }) => (workload ? 'a file' : 'what it does itself') },
            { head: 'Quiet hours', cell: ({ quiet }) => quiet ?? 'none' },
          ]}
        />
      )}
    </>
  )
}
