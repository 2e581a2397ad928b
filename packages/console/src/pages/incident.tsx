import type { Story, TimelineEvent } from '@esa/escalation'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { agentName } from '../agent-names.ts'
import type { Incident } from '../api.ts'
import { ApprovalCard } from '../approvals/approval-card.tsx'
import { approvalsQuery } from '../approvals/approval-query.ts'
import { useServerNow } from '../clock.ts'
import { Badge, LevelMark, StatusBadge } from '../components/badges.tsx'
import { Countdown } from '../components/countdown.tsx'
import { Icon } from '../components/icon.tsx'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { TAB_PANEL, Tabs } from '../components/tabs.tsx'
import { clockText } from '../durations.ts'
import { useHotkeys } from '../hotkeys.ts'
import { Actions } from '../incident/actions.tsx'
import { comingAfter, standingWords, stepWords } from '../incident/coming.ts'
import { eventWords } from '../incident/event-words.ts'
import { EvidencePanel } from '../incident/evidence-panel.tsx'
import { EventLog } from '../incident/event-log.tsx'
import { LadderPicture } from '../incident/ladder-picture.tsx'
import { Notes } from '../incident/notes.tsx'
import { ReplayPanel } from '../incident/replay-panel.tsx'
import { StepTable } from '../incident/step-table.tsx'
import { useCardLines } from '../incident/use-card-lines.ts'
import { useIncident } from '../incident/use-story.ts'
import { INCIDENT_TABS, type IncidentTab } from './incident-search.ts'

const route = getRouteApi('/incidents/$id')

/** One incident: who comes next and when, what can be done, what happened and why, and all of it again. */
export function IncidentPage() {
  const { id } = route.useParams()
  const { incident, log, events, story } = useIncident(id)
  const problem = incident.error ?? log.error
  const shown = incident.data
  if (shown === undefined || events === undefined)
    return problem === null ? (
      <Loading what="the incident" lines={8} />
    ) : (
      <Failed error={problem} retry={() => void Promise.all([incident.refetch(), log.refetch()])} />
    )
  return (
    <article className="grid gap-4">
      <Heading incident={shown} />
      {story === null ? (
        <Empty title="The beginning of its log is not here.">Only its state can be shown.</Empty>
      ) : (
        <>
          <Next id={id} story={story} events={events} />
          <ItsApprovals id={id} />
          <Views incident={shown} story={story} events={events} card={log.data?.card ?? null} />
        </>
      )}
    </article>
  )
}

function Heading({ incident }: { incident: Incident }) {
  const { id, title, status, level, category, agent, dataLoss, duplicates, timeScale } = incident
  return (
    <header className="grid gap-1.5">
      <h1 className="min-w-0 break-words">
        <bdi>{title}</bdi>
      </h1>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted">
        <StatusBadge status={status} />
        <span className="text-ink">
          <LevelMark level={level} />
        </span>
        <span>
          {category} of {agentName(agent)}
        </span>
        {dataLoss ? (
          <Badge tone="danger" icon="bolt">
            data loss
          </Badge>
        ) : null}
        {duplicates > 0 ? <span>opened again {duplicates}×</span> : null}
        {timeScale === 1 ? null : (
          <Badge tone="warn" icon="clock">
            waits divided by {timeScale}
          </Badge>
        )}
        <code className="font-mono text-sm">{id}</code>
      </div>
    </header>
  )
}

/** What comes next, by the clock, and what can be done about it. */
function Next({ id, story, events }: { id: string; story: Story; events: readonly TimelineEvent[] }) {
  const moment = story.moments.at(-1)!
  const [next] = comingAfter(story, moment)
  const last = events.at(-1)
  return (
    <section
      aria-label="What comes next"
      className="grid gap-3 rounded-lg border bg-surface px-4 py-4 sm:px-5 lg:grid-cols-[minmax(0,1fr)_auto] lg:items-center"
    >
      {next === undefined ? (
        <p className="flex items-center gap-2 text-xl">
          <Icon name="check" className="text-good" />
          <span>
            {last === undefined ? 'It is over.' : <bdi>{eventWords(last)}</bdi>}
            <span className="block text-base text-muted">No timer is running; no answer is pending.</span>
          </span>
        </p>
      ) : (
        <Countdown dueAt={next.at} what={stepWords(next)} standing={standingWords(moment)} />
      )}
      <Actions id={id} story={story} moment={moment} />
    </section>
  )
}

/** The statements that were requested for it, also those that were run or rejected. */
function ItsApprovals({ id }: { id: string }) {
  const approvals = useQuery(approvalsQuery(id)).data ?? []
  if (approvals.length === 0) return null
  return (
    <section aria-label="Approvals for this incident" className="grid gap-3">
      {approvals.map((approval) => (
        <div key={approval.id} className="rounded-lg border bg-surface px-4 py-4 sm:px-5">
          <ApprovalCard approval={approval} linked={false} />
        </div>
      ))}
    </section>
  )
}

interface ViewsProps {
  incident: Incident
  story: Story
  events: readonly TimelineEvent[]
  card: string | null
}

function Views({ incident, story, events, card }: ViewsProps) {
  const { tab, seq } = route.useSearch()
  const navigate = route.useNavigate()
  // A link to an event leads into the replay.
  const current: IncidentTab = tab ?? (seq === undefined ? 'timeline' : 'replay')
  const choose = (next: IncidentTab): void =>
    void navigate({ search: next === 'timeline' ? {} : { tab: next }, replace: true })
  useHotkeys(Object.fromEntries(INCIDENT_TABS.map((name, n) => [String(n + 1), () => choose(name)])))
  const tabs = INCIDENT_TABS.map((name) => ({
    id: name,
    label: name.charAt(0).toUpperCase() + name.slice(1),
    ...(name === 'events' ? { note: events.length } : {}),
  }))
  return (
    <section aria-label="Views" className="grid gap-4">
      <Tabs label="Views of this incident" tabs={tabs} current={current} onChoose={choose} />
      <div role="tabpanel" id={TAB_PANEL} aria-labelledby={`tab-${current}`} className="min-w-0">
        {current === 'timeline' ? (
          <TimelineView id={incident.id} story={story} events={events} card={card} />
        ) : current === 'evidence' ? (
          <EvidencePanel evidence={incident.evidence} />
        ) : current === 'events' ? (
          <EventLog id={incident.id} events={events} now={Date.parse(incident.nowAt)} />
        ) : (
          <ReplayPanel
            story={story}
            events={events}
            seq={seq ?? null}
            onSeq={(next) => void navigate({ search: { seq: next }, replace: true })}
          />
        )}
      </div>
    </section>
  )
}

function TimelineView({ id, story, events, card }: Omit<ViewsProps, 'incident'> & { id: string }) {
  const moment = story.moments.at(-1)!
  // Whole minutes: the table tells times of day, and only their day depends on when it is read.
  const now = useServerNow(60_000)
  const said = useCardLines(story.policy.agent)
  return (
    <div className="grid gap-4">
      <div className="overflow-hidden rounded-md border bg-surface p-2">
        <LadderPicture story={story} events={events} moment={moment} now={null} />
      </div>
      <StepTable
        events={events}
        coming={comingAfter(story, moment)}
        now={now}
        card={card}
        path={story.policy.path}
        said={said}
      />
      <Notes id={id} />
      <p className="text-sm text-muted">
        Opened {clockText(story.openedAt, now, true)}. Times are those of your clock’s zone.
      </p>
    </div>
  )
}
