import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, body, type Incident } from '../api.ts'
import { useServerNow } from '../clock.ts'
import { useParams } from '@tanstack/react-router'

/** One incident: where it stands, what comes next, and what happened. */
export function IncidentPage() {
  const { id } = useParams({ from: '/incidents/$id' })
  const client = useQueryClient()
  const incident = useQuery({
    queryKey: ['stream', id, 'incident'],
    queryFn: () => body(api.incidents[':id'].$get({ param: { id } })),
  })
  const story = useQuery({
    queryKey: ['stream', id, 'timeline'],
    queryFn: () => body(api.incidents[':id'].timeline.$get({ param: { id } })),
  })
  const acknowledge = useMutation({
    mutationFn: () =>
      body(
        api.incidents[':id'][':command'].$post({ param: { id, command: 'ack' }, json: { as: 'operator' } }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['stream', id] }),
  })
  const problem = incident.error ?? story.error ?? acknowledge.error
  if (incident.data === undefined)
    return problem === null ? <p>Loading</p> : <p role="alert">{problem.message}</p>
  return (
    <article>
      <h1>{incident.data.title}</h1>
      <p>
        {incident.data.status} at {incident.data.level}
      </p>
      <Countdown incident={incident.data} />
      <button type="button" onClick={() => acknowledge.mutate()}>
        Acknowledge
      </button>
      {problem === null ? null : <p role="alert">{problem.message}</p>}
      <ol>
        {story.data?.events.map(({ seq, at, type }) => (
          <li key={seq}>
            <time dateTime={at}>{at}</time> {type}
          </li>
        ))}
      </ol>
    </article>
  )
}

function Countdown({ incident: { deadlineAt, path, level } }: { incident: Incident }) {
  if (deadlineAt === null) return <p>No deadline is running.</p>
  const next = path[path.findIndex((step) => step.level === level) + 1]
  return <Left deadlineAt={deadlineAt} then={next?.agents.join(', ') ?? 'the alarm'} />
}

function Left({ deadlineAt, then }: { deadlineAt: string; then: string }) {
  const left = Date.parse(deadlineAt) - useServerNow()
  return (
    <p role="timer">
      {then} in {left}
    </p>
  )
}
