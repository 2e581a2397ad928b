import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { SearchField } from '../components/search-field.tsx'
import { Empty, Failed, Loading } from '../components/states.tsx'
import { ViewSwitch } from '../components/view-switch.tsx'
import { openIncidentsQuery } from '../open-incidents.ts'
import { marksOf } from './org/agent-marks.tsx'
import { InstantPicker, PastNote } from './org/instant-picker.tsx'
import { LaneBoard } from './org/lane-board.tsx'
import { type OrgAgent, orgQuery } from './org/org-query.ts'
import { Outline } from './org/outline.tsx'
import { QuestionTable } from './org/question-table.tsx'
import { questionsOf } from './org/questions.ts'

const VIEWS = ['lanes', 'outline'] as const

/** All agents, with their open work: now, or at an instant of the past. */
export function OrgPage() {
  const { at, view = 'lanes' } = useSearch({ from: '/org' })
  const navigate = useNavigate({ from: '/org' })
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const org = useQuery(orgQuery(at))
  const titles = useIncidentTitles()
  const shown = (agent: OrgAgent): boolean => fits(agent, text) && (!busy || marksOf(agent).length > 0)
  const choose = (instant: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, at: instant }) })
  return (
    <>
      <div className="mb-3 flex flex-wrap items-end gap-3">
        <h1>Organization</h1>
        <a href="#asked" className="mr-auto">
          Pending requests
        </a>
        <InstantPicker at={at} onChoose={choose} />
      </div>
      {at === undefined ? null : <PastNote at={at} onNow={() => choose(undefined)} />}
      {org.error !== null ? (
        <Failed error={org.error} retry={() => void org.refetch()} />
      ) : org.data === undefined ? (
        <Loading what="the organization" lines={8} />
      ) : (
        <div className="grid grid-cols-1 gap-6">
          <section aria-labelledby="agents">
            <div className="mb-2 flex flex-wrap items-center gap-3">
              <h2 id="agents">
                {org.data.agents.length} agents
                {text === '' && !busy ? '' : `, ${org.data.agents.filter(shown).length} shown`}
              </h2>
              <SearchField label="Find an agent" text={text} onText={setText} />
              <label className="touch inline-flex items-center gap-2 whitespace-nowrap">
                <input type="checkbox" checked={busy} onChange={() => setBusy(!busy)} />
                only with something open
              </label>
              <ViewSwitch
                label="View"
                options={VIEWS}
                value={view}
                onChoose={(next) => void navigate({ search: (before) => ({ ...before, view: next }) })}
              />
            </div>
            {org.data.agents.some(shown) ? (
              view === 'lanes' ? (
                <LaneBoard agents={org.data.agents} shown={shown} />
              ) : (
                <Outline agents={org.data.agents.filter(shown)} />
              )
            ) : (
              <Empty title="No agent fits.">Change what you look for.</Empty>
            )}
          </section>
          <section aria-labelledby="asked">
            <h2 id="asked" className="mb-2">
              Pending requests
            </h2>
            <QuestionTable questions={questionsOf(org.data, titles)} />
          </section>
        </div>
      )}
    </>
  )
}

function fits({ id, name, kind }: OrgAgent, text: string): boolean {
  const said = `${id} ${name} ${kind}`.toLowerCase()
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word))
}

/** Titles of open incidents: the organization names them by id. */
function useIncidentTitles(): ReadonlyMap<string, string> {
  const { data } = useQuery(openIncidentsQuery)
  return new Map(data?.incidents.map(({ id, title }) => [id, title]))
}
