import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api.ts'
import { AgentLink } from '../../components/agent-link.tsx'
import { Badge } from '../../components/badges.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Panel } from '../../components/facts.tsx'
import { Empty, Failed, Loading } from '../../components/states.tsx'
import { When } from '../../components/when.tsx'
import { NewTokenDialog } from './new-token-dialog.tsx'
import { sayDone } from '../../toasts.ts'

const TONES = { valid: 'good', expired: 'plain', revoked: 'danger' } as const
const ICONS = { valid: 'check', expired: 'clock', revoked: 'close' } as const

/** Who may do what with which token; makes and revokes them. */
export function TokenPanel() {
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<{ id: string; person: string } | null>(null)
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: () => body(api.tokens.$get()) })
  return (
    <Panel title="Tokens">
      <p className="mb-2 text-muted">
        A token made here is a service’s: it acts, and never counts as a person. A person signs in by a link
        of <code>esa accounts add NAME</code> or at the identity provider. The database keeps only hashes.
      </p>
      {tokens.error !== null ? (
        <Failed error={tokens.error} retry={() => void tokens.refetch()} />
      ) : tokens.data === undefined ? (
        <Loading what="tokens" lines={2} />
      ) : tokens.data.tokens.length === 0 ? (
        <Empty title="There is no token." />
      ) : (
        <DataTable
          caption="Tokens"
          rows={tokens.data.tokens}
          keyOf={({ id }) => id}
          columns={[
            { head: 'Holder', names: true, cell: ({ person }) => <bdi>{person}</bdi> },
            { head: 'Acts as', cell: ({ as }) => <AgentLink id={as} /> },
            { head: 'May', cell: ({ scopes }) => scopes.join(', ') },
            {
              head: 'State',
              cell: ({ state }) => (
                <Badge tone={TONES[state]} icon={ICONS[state]}>
                  {state}
                </Badge>
              ),
            },
            { head: 'Expires', cell: ({ expiresAt }) => <When at={expiresAt} /> },
            {
              head: 'Revoke',
              cell: ({ id, person, state }) =>
                state === 'valid' ? (
                  <Button
                    acts
                    look="danger"
                    aria-label={`Revoke the token of ${person}`}
                    onClick={() => setRevoking({ id, person })}
                  >
                    Revoke…
                  </Button>
                ) : null,
            },
          ]}
        />
      )}
      <div className="mt-3">
        <Button acts icon="plus" onClick={() => setMaking(true)}>
          Make a token…
        </Button>
      </div>
      {making ? <NewTokenDialog onClose={() => setMaking(false)} /> : null}
      {revoking === null ? null : <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />}
    </Panel>
  )
}

function RevokeDialog({
  token: { id, person },
  onClose,
}: {
  token: { id: string; person: string }
  onClose: () => void
}) {
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => body(api.tokens[':id'].revoke.$post({ param: { id } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['tokens'] })
      sayDone(`The token of ${person} is revoked.`)
      onClose()
    },
  })
  return (
    <Dialog title={`Revoke the token of ${person}`} onClose={onClose}>
      <p>
        It is refused from the next request on, and so is every browser that logged in with it. There is no
        way back.
      </p>
      {revoke.error === null ? null : <Failed error={revoke.error} />}
      <div className="mt-3 flex justify-end gap-2">
        <Button onClick={onClose}>Leave it</Button>
        <Button acts look="danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
          Revoke
        </Button>
      </div>
    </Dialog>
  )
}
