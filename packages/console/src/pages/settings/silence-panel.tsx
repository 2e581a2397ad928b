import { CATEGORIES } from '@esa/protocol'
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api.ts'
import { serverNow } from '../../clock.ts'
import { AgentLink } from '../../components/agent-link.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Panel } from '../../components/facts.tsx'
import { Empty, Failed, Loading } from '../../components/states.tsx'
import { When } from '../../components/when.tsx'
import { clockText } from '../../durations.ts'
import { agentsQuery } from '../../open-incidents.ts'
import { sayDone } from '../../toasts.ts'

/** What opens without telling anybody, and until when. */
export function SilencePanel() {
  const client = useQueryClient()
  const [adding, setAdding] = useState(false)
  const silences = useQuery({ queryKey: ['lists', 'silences'], queryFn: () => body(api.silences.$get()) })
  const end = useMutation({
    mutationFn: (id: string) => body(api.silences[':id'].end.$post({ param: { id } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['lists'] }),
  })
  return (
    <Panel title="Silences">
      {silences.error !== null ? (
        <Failed error={silences.error} retry={() => void silences.refetch()} />
      ) : silences.data === undefined ? (
        <Loading what="silences" lines={2} />
      ) : silences.data.silences.length === 0 ? (
        <Empty title="Nothing is silenced.">Every incident sends its notices as soon as it opens.</Empty>
      ) : (
        <DataTable
          caption="Silences in force"
          rows={silences.data.silences}
          keyOf={({ id }) => id}
          columns={[
            { head: 'Agent', names: true, cell: ({ agent }) => <AgentLink id={agent} /> },
            { head: 'Category', cell: ({ category }) => category ?? 'any' },
            { head: 'Ends', cell: ({ untilAt }) => <When at={untilAt} /> },
            {
              head: 'Why',
              cell: ({ reason, by }) => (
                <>
                  <bdi>{reason}</bdi>
                  {by === null ? null : (
                    <>
                      {' '}
                      (<bdi>{by}</bdi>)
                    </>
                  )}
                </>
              ),
            },
            { head: 'Holds back', numeric: true, cell: ({ held }) => held },
            {
              head: 'End',
              cell: ({ id, agent, held }) => (
                <Button
                  acts
                  disabled={end.isPending}
                  title={held === 0 ? 'It holds nothing back' : `${held} incidents are notified at once`}
                  aria-label={`End the silence of ${agent}`}
                  onClick={() => end.mutate(id)}
                >
                  End{held === 0 ? '' : `, tell ${held}`}
                </Button>
              ),
            },
          ]}
        />
      )}
      {end.error === null ? null : <Failed error={end.error} />}
      <div className="mt-3">
        <Button acts icon="moon" onClick={() => setAdding(true)}>
          Silence an agent…
        </Button>
      </div>
      {adding ? <AddDialog onClose={() => setAdding(false)} /> : null}
    </Panel>
  )
}

const FIELD = 'touch w-full rounded-md border border-edge bg-page px-2'
type NewSilence = Parameters<typeof api.silences.$post>[0]['json']

function silenced(agent: string, untilAt: string): string {
  return `Silenced ${agent} until ${clockText(Date.parse(untilAt), serverNow())}.`
}

/** Ends the silence again, and says whether that notified anyone. */
function undoOf(client: QueryClient, id: string, agent: string): () => Promise<string> {
  return async () => {
    const { held } = await body(api.silences[':id'].end.$post({ param: { id } }))
    void client.invalidateQueries({ queryKey: ['lists'] })
    return `The silence of ${agent} ended.${held === 0 ? '' : ` ${held} incidents were notified.`}`
  }
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const agents = useQuery(agentsQuery)
  const [silence, setSilence] = useState({ agent: 'layer-1', until: '2h', reason: '' })
  const [category, setCategory] = useState<NewSilence['category']>()
  const add = useMutation({
    mutationFn: () =>
      body(api.silences.$post({ json: { ...silence, ...(category === undefined ? {} : { category }) } })),
    onSuccess: ({ id, agent, untilAt }) => {
      void client.invalidateQueries({ queryKey: ['lists'] })
      sayDone(silenced(agent, untilAt), undoOf(client, id, agent))
      onClose()
    },
  })
  return (
    <Dialog title="Silence an agent" onClose={onClose}>
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate()
        }}
      >
        <p className="text-muted">
          Incidents that it opens meanwhile are recorded and wait. When the silence ends, all are notified at
          once.
        </p>
        <label className="grid gap-1">
          <span className="font-semibold">Agent</span>
          <select
            value={silence.agent}
            onChange={({ target }) => setSilence({ ...silence, agent: target.value })}
            className={FIELD}
          >
            {agents.data?.agents.map(({ id, name }) => (
              <option key={id} value={id}>
                {id} {name}
              </option>
            ))}
          </select>
        </label>
        <label className="grid gap-1">
          <span className="font-semibold">Category</span>
          <select
            value={category ?? ''}
            onChange={({ target }) => {
              setCategory(CATEGORIES.find((known) => known === target.value))
            }}
            className={FIELD}
          >
            <option value="">any</option>
            {CATEGORIES.map((known) => (
              <option key={known}>{known}</option>
            ))}
          </select>
        </label>
        <label className="grid gap-1">
          <span className="font-semibold">Until</span>
          <input
            required
            value={silence.until}
            onChange={({ target }) => setSilence({ ...silence, until: target.value })}
            className={FIELD}
          />
          <span className="text-sm text-muted">
            A duration like 2h, or an instant like 2026-01-31T18:00:00Z
          </span>
        </label>
        <label className="grid gap-1">
          <span className="font-semibold">Why</span>
          <input
            required
            value={silence.reason}
            onChange={({ target }) => setSilence({ ...silence, reason: target.value })}
            className={FIELD}
          />
        </label>
        {add.error === null ? null : <Failed error={add.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="primary" disabled={add.isPending}>
            Silence it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
