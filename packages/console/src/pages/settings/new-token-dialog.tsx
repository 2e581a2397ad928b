import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Failed } from '../../components/states.tsx'
import { agentsQuery } from '../../open-incidents.ts'

type NewToken = Parameters<typeof api.tokens.$post>[0]['json']
type Scope = NewToken['scopes'][number]

const SCOPES: readonly [Scope, string][] = [
  ['agents:read', 'see agents'],
  ['incidents:read', 'see incidents and inboxes'],
  ['incidents:ack', 'acknowledge and decline'],
  ['incidents:write', 'every command on incidents and messages, and requests for approvals'],
  ['db:read', 'look at databases'],
  ['db:plan', 'rehearse changes'],
  ['db:apply', 'apply approved changes'],
  ['admin', 'seats, stops, tokens'],
]

const SERVICE = 'The program that holds the token. It acts and approves nothing; a person signs in instead.'

const FIELD = 'touch w-full rounded-md border border-edge bg-page px-2'

/** Makes a token and shows its secret, this once. */
export function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const agents = useQuery(agentsQuery)
  const [token, setToken] = useState<NewToken>({
    as: 'operator',
    person: '',
    scopes: ['incidents:read'],
    for: '12h',
  })
  const make = useMutation({
    mutationFn: () => body(api.tokens.$post({ json: token })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
  if (make.data !== undefined)
    return <Secret secret={make.data.token} person={make.data.person} onClose={onClose} />
  const has = (scope: Scope): boolean => token.scopes.includes(scope)
  const toggle = (scope: Scope): void =>
    setToken({
      ...token,
      scopes: has(scope) ? token.scopes.filter((one) => one !== scope) : [...token.scopes, scope],
    })
  return (
    <Dialog title="Make a token" onClose={onClose}>
      <form
        className="grid gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <label className="grid gap-1">
          <span className="font-semibold">Service</span>
          <input
            required
            value={token.person}
            onChange={({ target }) => setToken({ ...token, person: target.value })}
            className={FIELD}
          />
          <span className="text-sm text-muted">{SERVICE}</span>
        </label>
        <label className="grid gap-1">
          <span className="font-semibold">Acts as</span>
          <select
            value={token.as}
            onChange={({ target }) => setToken({ ...token, as: target.value })}
            className={FIELD}
          >
            <option>operator</option>
            {agents.data?.agents.map(({ id }) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <fieldset className="grid gap-1">
          <legend className="font-semibold">May</legend>
          {SCOPES.map(([scope, what]) => (
            <label key={scope} aria-label={scope} className="flex items-baseline gap-2">
              <input
                type="checkbox"
                aria-label={`${scope}: ${what}`}
                checked={has(scope)}
                onChange={() => toggle(scope)}
              />
              <span>
                <code className="text-sm">{scope}</code> <span className="text-muted">{what}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <label className="grid gap-1">
          <span className="font-semibold">For how long</span>
          <input
            required
            value={token.for}
            onChange={({ target }) => setToken({ ...token, for: target.value })}
            className={FIELD}
          />
        </label>
        {make.error === null ? null : <Failed error={make.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="primary" disabled={make.isPending || token.scopes.length === 0}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Secret({ secret, person, onClose }: { secret: string; person: string; onClose: () => void }) {
  return (
    <Dialog title={`The token of ${person}`} onClose={onClose}>
      <p>This is the only time that it is shown: copy it now, and hand it over in private.</p>
      <p className="my-3 rounded border bg-raised p-3 font-mono break-all select-all">{secret}</p>
      <div className="flex justify-end">
        <Button look="primary" onClick={onClose}>
          I have it
        </Button>
      </div>
    </Dialog>
  )
}
