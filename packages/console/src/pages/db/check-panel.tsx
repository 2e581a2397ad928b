import { formatDuration } from '@esa/protocol'
import { useMutation, useQuery } from '@tanstack/react-query'
import { api, body } from '../../api.ts'
import { Badge } from '../../components/badges.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Panel } from '../../components/facts.tsx'
import { Empty, Failed, Loading } from '../../components/states.tsx'

/** Something that a review found. Source: docs/cli.md, "Findings". */
interface Finding {
  kind: string
  severity: 'error' | 'warning' | 'info'
  relation?: string | null
  message: string
  fix?: string
}

const LOOK_EVERY_MS = 1_000
const TONES = { error: 'danger', warning: 'warn', info: 'info' } as const
const ICONS = { error: 'warning', warning: 'alarm', info: 'dot' } as const
const ORDER = ['error', 'warning', 'info']

/** Reviews a target on request, and shows what was found, the worst first. */
export function CheckPanel({ target }: { target: string }) {
  const start = useMutation({
    mutationFn: () => body(api.db.targets[':name'].check.$post({ param: { name: target } })),
  })
  const id = start.data?.id
  const run = useQuery({
    queryKey: ['run', id],
    queryFn: () => body(api.db.runs[':id'].$get({ param: { id: id ?? '' } })),
    enabled: id !== undefined && start.data?.state === 'running',
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? LOOK_EVERY_MS : false),
  })
  const shown = run.data ?? start.data
  const running = start.isPending || shown?.state === 'running'
  return (
    <Panel title="Findings">
      <div className="mb-2 flex flex-wrap items-center gap-3">
        <Button acts icon="search" disabled={running} onClick={() => start.mutate()}>
          {shown === undefined ? 'Check it now' : 'Check it again'}
        </Button>
        <p className="text-muted">Reads schema, integrity and storage; changes nothing.</p>
      </div>
      {start.error !== null ? (
        <Failed error={start.error} />
      ) : running ? (
        <Loading what="findings" />
      ) : shown === undefined ? null : shown.problem === null ? (
        <Findings findings={findingsIn(shown.result)} tookMs={shown.tookMs} />
      ) : (
        <Failed error={new Error(`${shown.problem.message} (${shown.problem.code})`)} />
      )}
    </Panel>
  )
}

function Findings({ findings, tookMs }: { findings: Finding[]; tookMs: number | null }) {
  if (findings.length === 0) return <Empty title="Nothing was found." />
  return (
    <>
      <p role="status" className="mb-2 text-muted">
        {findings.length} findings{tookMs === null ? '' : `, in ${formatDuration(tookMs)}`}
      </p>
      <DataTable
        caption="Findings, the worst first"
        rows={findings.map((finding, n) => ({ ...finding, n }))}
        keyOf={({ n }) => String(n)}
        columns={[
          {
            head: 'How bad',
            cell: ({ severity }) => (
              <Badge tone={TONES[severity]} icon={ICONS[severity]}>
                {severity}
              </Badge>
            ),
          },
          {
            head: 'Where',
            names: true,
            cell: ({ relation }) => <span className="break-all">{relation ?? '-'}</span>,
          },
          {
            head: 'What',
            cell: ({ kind, message, fix }) => (
              <>
                <p className="break-words">
                  <bdi>{message}</bdi> <code className="text-sm text-muted">{kind}</code>
                </p>
                {fix === undefined ? null : (
                  <pre className="mt-1 text-sm break-words whitespace-pre-wrap text-muted">→ {fix}</pre>
                )}
              </>
            ),
          },
        ]}
      />
    </>
  )
}

function findingsIn(result: unknown): Finding[] {
  const { findings = [] } = (result ?? {}) as { findings?: Finding[] }
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
}
