import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { Badge } from '../components/badges.tsx'
import { PageTabs } from '../components/page-tabs.tsx'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { agentQuery } from './agent/agent-query.ts'
import { CardTab } from './agent/card-tab.tsx'
import { StateTab } from './agent/state-tab.tsx'
import { TasksTab } from './agent/tasks-tab.tsx'
import { InboxEntry } from './inbox/inbox-entry.tsx'

const TABS = [
  ['card', 'Card'],
  ['state', 'State'],
  ['inbox', 'Inbox'],
  ['tasks', 'Tasks'],
] as const

/** One agent: what its card says, its state, what waits for it, and what it does. */
export function AgentPage() {
  const { id } = useParams({ from: '/agents/$id' })
  const { tab = 'card' } = useSearch({ from: '/agents/$id' })
  const agent = useQuery(agentQuery(id))
  if (agent.error !== null) return <Failed error={agent.error} retry={() => void agent.refetch()} />
  if (agent.data === undefined) return <Loading what={id} lines={8} />
  const { card, state, figures, inbox, events } = agent.data
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <h1>
          <bdi>{card.name}</bdi> <span className="font-normal text-muted">{id}</span>
        </h1>
        {state.status === 'stopped' ? (
          <Badge tone="danger" icon="pause">
            stopped
          </Badge>
        ) : null}
        {state.seat === 'human' ? (
          <Badge tone="plain" icon="person">
            a person sits here
          </Badge>
        ) : null}
      </div>
      <PageTabs
        label={`Parts of ${id}`}
        tabs={TABS.map(([name, label]) => ({
          name,
          label,
          link: { to: '/agents/$id', params: { id }, search: name === 'card' ? {} : { tab: name } },
          ...(name === 'inbox' ? { count: inbox.length } : {}),
        }))}
      />
      {tab === 'card' ? <CardTab card={card} state={state} /> : null}
      {tab === 'state' ? <StateTab state={state} events={events} /> : null}
      {tab === 'tasks' ? <TasksTab id={id} state={state} figures={figures} /> : null}
      {tab !== 'inbox' ? null : inbox.length === 0 ? (
        <Empty title="Its inbox is empty." />
      ) : (
        <ol className="grid grid-cols-1 gap-3">
          {inbox.map((item) => (
            <InboxEntry key={item.id} item={item} />
          ))}
        </ol>
      )}
    </>
  )
}
