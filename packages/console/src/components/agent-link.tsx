import { Link } from '@tanstack/react-router'

/** The way to an agent's page; people and the operator have none and stand as words. */
export function AgentLink({ id }: { id: string }) {
  if (!/^(?:agent|chief|domain|layer|expert|ops|lifeceo)-/.test(id)) return <bdi>{id}</bdi>
  return (
    <Link to="/agents/$id" params={{ id }} className="whitespace-nowrap underline">
      {id}
    </Link>
  )
}

/** Several of them, in a row. */
export function AgentLinks({ ids, none = 'nobody' }: { ids: readonly string[]; none?: string }) {
  if (ids.length === 0) return <span className="text-muted">{none}</span>
  return (
    <span className="inline-flex flex-wrap gap-x-2">
      {ids.map((id) => (
        <AgentLink key={id} id={id} />
      ))}
    </span>
  )
}
