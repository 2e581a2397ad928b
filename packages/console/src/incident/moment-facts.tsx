import type { StoryMoment } from '@esa/escalation'
import type { ReactNode } from 'react'
import { agentName, agentNames, sentence } from '../agent-names.ts'
import { Badge, LevelMark, StatusBadge } from '../components/badges.tsx'
import { clockText, countdownText } from '../durations.ts'

/** Where an incident stood at a time of its story. */
export function MomentFacts({ moment, at }: { moment: StoryMoment; at: number }) {
  const { status, level, dueAt, addressees, heldBy, epoch, dataLoss, duplicates } = moment
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(9.5rem,1fr))] gap-x-6 gap-y-2 rounded-md border bg-surface px-4 py-3">
      <Fact name="Status">
        <StatusBadge status={status} /> {dataLoss ? <Badge tone="danger">data loss</Badge> : null}
      </Fact>
      <Fact name="Tier">
        <LevelMark level={level} />
      </Fact>
      <Fact name="Told">{sentence(agentNames(addressees))}</Fact>
      <Fact name="Held by">{heldBy === null ? 'nobody' : sentence(agentName(heldBy))}</Fact>
      <Fact name="Next deadline">
        {dueAt === null ? 'none' : `${clockText(dueAt, at, true)}, in ${countdownText(dueAt - at)}`}
      </Fact>
      <Fact name="Epoch">
        {epoch}
        {duplicates > 0 ? `, opened again ${duplicates}×` : ''}
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="figures">{children}</dd>
    </div>
  )
}
