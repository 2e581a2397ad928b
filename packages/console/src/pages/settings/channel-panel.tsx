import { formatDuration } from '@esa/protocol'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api.ts'
import { Badge } from '../../components/badges.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Panel } from '../../components/facts.tsx'
import { Empty, Failed, Loading } from '../../components/states.tsx'
import { When } from '../../components/when.tsx'

/** By which channels notices leave, and what came of each try. Channels are made on the machine that has their secrets. */
export function ChannelPanel() {
  const [shown, setShown] = useState<string | null>(null)
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => body(api.webhooks.$get()) })
  const test = useMutation({
    mutationFn: (name: string) => body(api.webhooks[':name'].test.$post({ param: { name } })),
    onSuccess: (_, name) => setShown(name),
  })
  return (
    <Panel title="Webhooks and mail">
      {channels.error !== null ? (
        <Failed error={channels.error} retry={() => void channels.refetch()} />
      ) : channels.data === undefined ? (
        <Loading what="channels" lines={2} />
      ) : channels.data.channels.length === 0 ? (
        <Empty title="Notices stay in the inboxes.">
          To have them leave: <code>esa webhooks add --help</code>
        </Empty>
      ) : (
        <DataTable
          caption="Channels"
          rows={channels.data.channels}
          keyOf={({ name }) => name}
          columns={[
            { head: 'Name', names: true, cell: ({ name }) => <bdi>{name}</bdi> },
            { head: 'Kind', cell: ({ kind }) => kind },
            {
              head: 'Leads to',
              cell: ({ url, to }) => <span className="break-all">{url ?? to?.join(', ') ?? '-'}</span>,
            },
            {
              head: 'Only',
              cell: ({ agent, level, category }) =>
                [agent, level, category].filter(Boolean).join(', ') || 'everything',
            },
            { head: 'Secret', cell: ({ secret }) => <code className="text-sm">{secret}</code> },
            {
              head: 'Tries',
              cell: ({ name }) => (
                <span className="flex flex-wrap gap-2">
                  <Button aria-label={`Show the tries of ${name}`} onClick={() => setShown(name)}>
                    Show
                  </Button>
                  <Button
                    acts
                    aria-label={`Test ${name}`}
                    disabled={test.isPending}
                    onClick={() => test.mutate(name)}
                  >
                    Test
                  </Button>
                </span>
              ),
            },
          ]}
        />
      )}
      {test.error === null ? null : <Failed error={test.error} />}
      {shown === null ? null : <Tries name={shown} onClose={() => setShown(null)} />}
    </Panel>
  )
}

const TONES = { sent: 'good', failed: 'danger', dropped: 'plain' } as const
const ICONS = { sent: 'check', failed: 'warning', dropped: 'close' } as const
const LOOK_EVERY_MS = 1_000

function Tries({ name, onClose }: { name: string; onClose: () => void }) {
  const tries = useQuery({
    queryKey: ['lists', 'deliveries', name],
    queryFn: () => body(api.webhooks[':name'].deliveries.$get({ param: { name }, query: {} })),
    refetchInterval: LOOK_EVERY_MS,
  })
  const again = useMutation({
    mutationFn: (id: string) => body(api.webhooks.deliveries[':id'].redeliver.$post({ param: { id } })),
  })
  const problem = tries.error ?? again.error
  return (
    <Dialog title={`What was tried by ${name}`} onClose={onClose}>
      {problem === null ? null : <Failed error={problem} />}
      {tries.data === undefined ? null : tries.data.deliveries.length === 0 ? (
        <Empty title="Nothing was tried yet." />
      ) : (
        <DataTable
          caption={`Tries of ${name}, the newest first`}
          rows={tries.data.deliveries}
          keyOf={({ id, at, attempt }) => `${id} ${at} ${attempt}`}
          columns={[
            { head: 'When', cell: ({ at }) => <When at={at} /> },
            {
              head: 'Outcome',
              names: true,
              cell: ({ status, code, why }) => (
                <>
                  <Badge tone={TONES[status]} icon={ICONS[status]}>
                    {status}
                    {code === null ? '' : ` ${code}`}
                  </Badge>
                  {why === null ? null : (
                    <p className="text-sm break-words text-muted">
                      <bdi>{why}</bdi>
                    </p>
                  )}
                </>
              ),
            },
            { head: 'Took', numeric: true, cell: ({ latencyMs }) => formatDuration(latencyMs) },
            {
              head: 'Again',
              cell: ({ id, attempt }) => (
                <Button
                  acts
                  aria-label={`Send again: try ${attempt}`}
                  disabled={again.isPending}
                  onClick={() => again.mutate(id)}
                >
                  Send again
                </Button>
              ),
            },
          ]}
        />
      )}
    </Dialog>
  )
}
