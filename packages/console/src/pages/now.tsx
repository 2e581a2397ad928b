import { useQuery } from '@tanstack/react-query'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { api, body } from '../api.ts'

/** What needs somebody next. */
export function NowPage() {
  const timers = useQuery({ queryKey: ['lists', 'timers'], queryFn: () => body(api.timers.$get()) })
  return (
    <>
      <h1 className="mb-3">Now</h1>
      {timers.error !== null ? (
        <Failed error={timers.error} retry={() => void timers.refetch()} />
      ) : timers.data === undefined ? (
        <Loading what="deadlines" />
      ) : timers.data.timers.length === 0 ? (
        <Empty title="Nothing is waiting for anybody.">No incident is open.</Empty>
      ) : null}
    </>
  )
}
