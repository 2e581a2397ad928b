import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, body } from '../api.ts'

/** Open incidents, the newest first. */
export function IncidentsPage() {
  const { data, error } = useQuery({
    queryKey: ['lists', 'incidents'],
    queryFn: () => body(api.incidents.$get({ query: { open: 'true' } })),
  })
  if (error !== null) return <p role="alert">{error.message}</p>
  if (data === undefined) return <p>Loading</p>
  return (
    <>
      <h1>Incidents</h1>
      {data.incidents.length === 0 ? (
        <p>No incident is open.</p>
      ) : (
        <ul>
          {data.incidents.map(({ id, title, status, level }) => (
            <li key={id}>
              <Link to="/incidents/$id" params={{ id }}>
                {title}
              </Link>{' '}
              {status} at {level}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
