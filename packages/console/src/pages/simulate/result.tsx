import { formatDuration } from '@esa/protocol'
import { AgentLinks } from '../../components/agent-link.tsx'
import { LevelMark } from '../../components/badges.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { LadderPicture } from './ladder-picture.tsx'
import type { Simulation } from './simulation.ts'

/** A simulation that ran: how it ended, the ladder that it climbed, and every event. */
export function Result({ simulation: { path, events, outcome, end } }: { simulation: Simulation }) {
  return (
    <div className="grid grid-cols-1 gap-4">
      <p role="status" className="text-lg">
        Simulated: <strong>{outcome}</strong> at level {end.level}
        {end.deadlineMs === null
          ? ''
          : `; next, ${end.timerKind ?? 'a timer'} at +${formatDuration(end.deadlineMs)}`}
        .
      </p>
      <LadderPicture events={events} />
      <DataTable
        caption="The ladder of the simulation"
        rows={path}
        keyOf={({ level }) => level}
        columns={[
          { head: 'Level', names: true, cell: ({ level }) => <LevelMark level={level} /> },
          { head: 'Who', cell: ({ agents }) => <AgentLinks ids={agents} /> },
          {
            head: 'Waits',
            numeric: true,
            cell: ({ waitMs, defaultWait }) =>
              `${formatDuration(waitMs)}${defaultWait === true ? ' (default)' : ''}`,
          },
        ]}
      />
      <DataTable
        caption="Simulated events"
        rows={events}
        keyOf={({ seq }) => String(seq)}
        columns={[
          {
            head: 'Simulated time',
            numeric: true,
            cell: ({ atMs }) => (atMs === 0 ? '0' : `+${formatDuration(atMs)}`),
          },
          { head: 'Event', names: true, cell: ({ type }) => <code>{type}</code> },
          { head: 'Level', cell: ({ level }) => (level === undefined ? '-' : <LevelMark level={level} />) },
          { head: 'Who', cell: ({ actor }) => actor ?? '-' },
          { head: 'What', cell: ({ data, lateMs }) => wordsOf(data, lateMs) },
        ]}
      />
    </div>
  )
}

const TOLD = ['targets', 'agents', 'to', 'from', 'cause', 'reason', 'command', 'code', 'why']

function wordsOf(data: Record<string, unknown>, lateMs: number | undefined): string {
  const told = TOLD.filter((key) => data[key] !== undefined && data[key] !== null).map((key) => {
    const value = data[key]
    return `${key} ${Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value)}`
  })
  return [...told, ...(lateMs === undefined ? [] : [`${lateMs} ms late`])].join('; ')
}
