import { LEVELS } from '@esa/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { api, body } from '../../api.ts'
import { AgentLink } from '../../components/agent-link.tsx'
import { Badge, LevelMark } from '../../components/badges.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Panel } from '../../components/facts.tsx'
import { Empty, Failed, Loading } from '../../components/states.tsx'
import { When } from '../../components/when.tsx'

type Level = (typeof LEVELS)[number]

/** Who is on call, by what they are reached, and the overrides of levels. */
export function PeoplePanel() {
  const people = useQuery({ queryKey: ['people'], queryFn: () => body(api.people.$get()) })
  return (
    <Panel title="People on call">
      {people.error !== null ? (
        <Failed error={people.error} retry={() => void people.refetch()} />
      ) : people.data === undefined ? (
        <Loading what="people" lines={2} />
      ) : people.data.people.length === 0 ? (
        <Empty title="No one is on call.">
          To add a person: <code>esa people add --help</code>
        </Empty>
      ) : (
        <>
          <DataTable
            caption="People"
            rows={people.data.people}
            keyOf={({ person, agent }) => `${person} ${agent ?? ''}`}
            columns={[
              { head: 'Person', names: true, cell: ({ person }) => <bdi>{person}</bdi> },
              {
                head: 'Seat',
                cell: ({ agent }) => (agent === null ? 'substitute only' : <AgentLink id={agent} />),
              },
              {
                head: 'Reached by',
                cell: ({ contacts }) =>
                  contacts
                    .map(({ channel, to }) => (to === null ? channel : `${channel} (${to})`))
                    .join(', ') || 'the inbox alone',
              },
            ]}
          />
          <StandIns
            standIns={people.data.standIns}
            people={[...new Set(people.data.people.map(({ person }) => person))]}
          />
        </>
      )}
    </Panel>
  )
}

interface StandInsProps {
  standIns: { level: string; person: string; from: string; until: string; active: boolean }[]
  people: string[]
}

function StandIns({ standIns, people }: StandInsProps) {
  const client = useQueryClient()
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: ['people'] })
  const [level, setLevel] = useState<Level>('chief')
  const [person, setPerson] = useState(people[0] ?? '')
  const [until, setUntil] = useState('8h')
  const put = useMutation({
    mutationFn: () => body(api.people.override.$post({ json: { level, person, until } })),
    onSuccess: refresh,
  })
  const end = useMutation({
    mutationFn: (of: Level) => body(api.people.override.end.$post({ json: { level: of } })),
    onSuccess: refresh,
  })
  const problem = put.error ?? end.error
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    put.mutate()
  }
  const now = standIns.filter(({ active }) => active)
  return (
    <div className="mt-3 grid grid-cols-1 gap-2">
      <h3 className="font-semibold">Standing in</h3>
      {now.length === 0 ? <p className="text-muted">No level has an override.</p> : null}
      <ul className="grid gap-1">
        {now.map(({ level: of, person: who, until: ends }) => (
          <li key={of} className="flex flex-wrap items-center gap-3">
            <LevelMark level={of} />
            <Badge tone="info" icon="person">
              <bdi>{who}</bdi>
            </Badge>
            <span>
              ends <When at={ends} />
            </span>
            <Button acts aria-label={`End the stand-in at ${of}`} onClick={() => end.mutate(of as Level)}>
              End
            </Button>
          </li>
        ))}
      </ul>
      <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
        <Choice label="Level" options={LEVELS} value={level} onChoose={(name) => setLevel(name as Level)} />
        <Choice label="Who" options={people} value={person} onChoose={setPerson} />
        <label className="grid gap-1">
          <span className="text-sm text-muted">Until</span>
          <input
            required
            value={until}
            onChange={({ target }) => setUntil(target.value)}
            className={`${FIELD} w-28`}
          />
        </label>
        <Button type="submit" disabled={put.isPending || person === ''}>
          Let them stand in
        </Button>
      </form>
      {problem === null ? null : <Failed error={problem} />}
    </div>
  )
}

const FIELD = 'touch rounded-md border border-edge bg-surface px-2'

interface ChoiceProps {
  label: string
  options: readonly string[]
  value: string
  onChoose: (value: string) => void
}

function Choice({ label, options, value, onChoose }: ChoiceProps) {
  return (
    <label className="grid gap-1">
      <span className="text-sm text-muted">{label}</span>
      <select value={value} onChange={({ target }) => onChoose(target.value)} className={FIELD}>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  )
}
