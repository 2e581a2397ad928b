import { Link } from '@tanstack/react-router'
import { Badge } from '../../components/badges.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Empty } from '../../components/states.tsx'
import { When } from '../../components/when.tsx'
import type { Question } from './questions.ts'

/** Pending requests: who must answer what, and until when. */
export function QuestionTable({ questions }: { questions: readonly Question[] }) {
  if (questions.length === 0)
    return <Empty title="No request is pending.">No message is unanswered and no incident is open.</Empty>
  return (
    <DataTable
      caption="Pending requests"
      rows={questions}
      keyOf={({ row }) => row}
      columns={[
        { head: 'Asked', names: true, cell: ({ to }) => <Agent id={to} /> },
        { head: 'By', cell: ({ from }) => <Agent id={from} /> },
        { head: 'What', cell: (question) => <What {...question} /> },
        {
          head: 'Due',
          cell: ({ dueAt }) => (dueAt === null ? <span className="text-muted">-</span> : <When at={dueAt} />),
        },
      ]}
    />
  )
}

function Agent({ id }: { id: string }) {
  return (
    <Link to="/agents/$id" params={{ id }} className="whitespace-nowrap">
      {id}
    </Link>
  )
}

function What({ kind, id, subject, held }: Question) {
  if (kind === 'message') return <bdi className="break-words">{subject ?? id}</bdi>
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2">
      <Link to="/incidents/$id" params={{ id }} className="break-words">
        <bdi>{subject ?? `incident ${id}`}</bdi>
      </Link>
      {held ? (
        <Badge tone="info" icon="hand">
          holds it
        </Badge>
      ) : (
        <Badge tone="warn" icon="alarm">
          asked
        </Badge>
      )}
    </span>
  )
}
