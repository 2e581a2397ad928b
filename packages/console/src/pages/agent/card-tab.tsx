import { formatDuration, LEVELS } from '@esa/protocol'
import { AgentLink, AgentLinks } from '../../components/agent-link.tsx'
import { LevelMark } from '../../components/badges.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Facts, Panel } from '../../components/facts.tsx'
import { Empty } from '../../components/states.tsx'
import type { AgentCard, AgentState } from './agent-query.ts'

/** What the card says: its superiors, how its incidents escalate, its responsibilities, and its metrics. */
export function CardTab({ card, state }: { card: AgentCard; state: AgentState }) {
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Panel title="Reporting line">
        <Facts
          facts={[
            ['Kind', card.division === null ? card.kind : `${card.kind}, ${card.division}`],
            ['Reports to', <AgentLinks key="up" ids={card.reportsTo} />],
            ['Chief', state.chief === null ? 'none' : <AgentLink key="chief" id={state.chief} />],
            ['Domain', state.domain === null ? 'none' : <AgentLink key="domain" id={state.domain} />],
            ['Peers', <AgentLinks key="peers" ids={state.peers} none="none named" />],
            ['Manages', <AgentLinks key="manages" ids={card.manages} />],
          ]}
        />
        {card.hasCard ? null : (
          <p className="mt-2 text-warn">
            It has no card yet: these are the facts of the organization chart alone.
          </p>
        )}
      </Panel>
      <Panel title="How its incidents climb">
        {card.escalation.length === 0 ? (
          <Empty title="Its card names no path.">The defaults of the organization hold.</Empty>
        ) : (
          <DataTable
            caption="Escalation path"
            rows={card.escalation.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level))}
            keyOf={({ line }) => String(line)}
            columns={[
              { head: 'Level', names: true, cell: ({ level }) => <LevelMark level={level} /> },
              { head: 'Who', cell: ({ agents }) => <AgentLinks ids={agents} /> },
              { head: 'Waits', numeric: true, cell: ({ waitMs }) => waitWords(waitMs) },
              { head: 'For', cell: ({ reasons }) => reasons.join(', ') || 'anything' },
              { head: 'Line', numeric: true, cell: ({ line }) => line },
            ]}
          />
        )}
      </Panel>
      <Panel title="What it promises">
        {card.metrics.length === 0 ? (
          <p className="text-muted">Its card names no metric.</p>
        ) : (
          <ul className="list-disc pl-5">
            {card.metrics.map(({ key, text }) => (
              <li key={key}>
                {text} <code className="text-sm text-muted">{key}</code>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      <Panel title="What it answers for">
        <Words items={card.responsibilities} none="Its card names no responsibility." />
        {card.technologies.length === 0 ? null : (
          <p className="mt-2 text-muted">With {card.technologies.join(', ')}</p>
        )}
      </Panel>
      {card.collaboration.length === 0 ? null : (
        <Panel title="Whom it works with">
          <ul className="grid grid-cols-1 gap-1">
            {card.collaboration.map(({ with: others, purpose }) => (
              <li key={`${others.join(' ')} ${purpose}`}>
                <AgentLinks ids={others} />: {purpose}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  )
}

function Words({ items, none }: { items: readonly string[]; none: string }) {
  if (items.length === 0) return <p className="text-muted">{none}</p>
  return (
    <ul className="list-disc pl-5">
      {items.map((item) => (
        <li key={item}>{item}</li>
      ))}
    </ul>
  )
}

function waitWords(waitMs: number | null): string {
  if (waitMs === null) return 'default'
  return waitMs === 0 ? 'immediate' : formatDuration(waitMs)
}
