import type { Story, StoryMoment } from '@esa/escalation'
import { HOLD_MAX_MS, SNOOZE_MAX_MS } from '@esa/protocol'
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { agentName, sentence } from '../agent-names.ts'
import { api, body, type Incident, newIdempotencyKey, Refusal } from '../api.ts'
import { useServerNow } from '../clock.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { DurationField } from '../components/duration-field.tsx'
import { Icon } from '../components/icon.tsx'
import { Failed } from '../components/states.tsx'
import { TextField } from '../components/text-field.tsx'
import { sayDone } from '../toasts.ts'
import { consequences } from './consequences.ts'
import { doneWords } from './done-words.ts'
import { type Action, whyNot } from './possible-actions.ts'

/** The place of each action in the API. */
const PLACES = {
  acknowledge: 'ack',
  escalate: 'escalate',
  resolve: 'resolve',
  snooze: 'snooze',
  suppress: 'suppress',
  unsuppress: 'unsuppress',
  reassign: 'reassign',
  decline: 'decline',
  raise: 'raise',
  withdraw: 'withdraw',
} as const

/** What is written into the dialog's field, where an action takes words. */
const WORDS: Partial<Record<Action, { key: string; label: string; hint?: string; optional?: true }>> = {
  resolve: { key: 'cause', label: 'Cause', hint: 'It is in the log and in the post-mortem.' },
  decline: { key: 'reason', label: 'Reason' },
  withdraw: { key: 'because', label: 'Why', optional: true },
}

const HOLDS: Partial<Record<Action, number>> = {
  acknowledge: HOLD_MAX_MS,
  suppress: HOLD_MAX_MS,
  snooze: SNOOZE_MAX_MS,
}

const LOUD: ReadonlySet<Action> = new Set(['raise', 'withdraw'])

interface ActionDialogProps {
  id: string
  action: Action
  story: Story
  moment: StoryMoment
  onClose: () => void
}

/** Asks for what an action needs, says what it will do, and sends it once; what is shown afterwards is what was committed. */
export function ActionDialog({ id, action, story, moment, onClose }: ActionDialogProps) {
  const [forMs, setForMs] = useState<number | null>(
    HOLDS[action] === undefined ? null : firstHold(action, story),
  )
  const [words, setWords] = useState('')
  const [to, setTo] = useState('')
  const [as, setAs] = useState('operator')
  const now = useServerNow(1_000)
  const asked = WORDS[action]
  // A click that was meant for what stood here a moment ago must not do something else.
  const [read, setRead] = useState(moment.epoch)
  const moved = read !== moment.epoch
  const send = useCommand(id, action, read, onClose)
  const why = whyNot(story, moment, action)
  const ready =
    why === null &&
    (HOLDS[action] === undefined || forMs !== null) &&
    (asked === undefined || asked.optional === true || words.trim() !== '') &&
    (action !== 'reassign' || to.trim() !== '')
  const json = {
    as,
    ...(forMs === null ? {} : { forMs }),
    ...(asked === undefined || words.trim() === '' ? {} : { [asked.key]: words.trim() }),
    ...(action === 'reassign' ? { to: to.trim() } : {}),
    ...(action === 'escalate' ? { epoch: read } : {}),
  }
  return (
    <Dialog title={`${sentence(action)} this incident`} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (moved) setRead(moment.epoch)
          else if (ready) send.mutate(json)
        }}
      >
        {HOLDS[action] === undefined ? null : (
          <DurationField label="For how long" value={forMs} max={HOLDS[action]} onChange={setForMs} />
        )}
        {action === 'reassign' ? (
          <TextField
            label="To which agent"
            value={to}
            onChange={setTo}
            hint="An id such as layer-2 or chief-1."
            required
          />
        ) : null}
        {asked === undefined ? null : (
          <TextField
            label={asked.label}
            value={words}
            onChange={setWords}
            lines={2}
            required={asked.optional !== true}
            {...(asked.hint === undefined ? {} : { hint: asked.hint })}
          />
        )}
        <InTheNameOf story={story} moment={moment} value={as} onChange={setAs} />
        <Consequence>
          {why === null
            ? consequences(action, story, moment, { as, forMs, to: to === '' ? null : to, now })
            : [`Not possible any more: ${why}.`]}
        </Consequence>
        {moved ? (
          <p role="alert">The incident moved on while this was open: read again what happens.</p>
        ) : null}
        {send.error === null ? null : <Failed error={send.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look={LOUD.has(action) ? 'danger' : 'primary'}
            disabled={!ready || send.isPending}
          >
            {moved ? 'I have read it' : send.isPending ? 'Sending…' : sentence(action)}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Two hours unless the ladder runs on a faster clock: the incident's own time-out. */
function firstHold(action: Action, { policy }: Story): number {
  return action === 'acknowledge'
    ? policy.ackTimeoutMs
    : Math.max(1_000, Math.round(3_600_000 / policy.timeScale))
}

function useCommand(id: string, action: Action, epoch: number, onDone: () => void) {
  const client = useQueryClient()
  // One wish has one key: a second click, or a retry after a lost answer, asks for the same thing.
  const key = useRef(newIdempotencyKey())
  return useMutation({
    mutationFn: (json: { as: string; forMs?: number }) =>
      body(
        api.incidents[':id'][':command'].$post(
          { param: { id, command: PLACES[action] }, header: { 'if-match': `"${epoch}"` }, json },
          { headers: { 'Idempotency-Key': key.current } },
        ),
      ),
    onSuccess: async (incident, { forMs = null }) => {
      client.setQueryData(['stream', id, 'incident'], incident)
      sayDone(doneWords(action, incident, forMs), undoOf(client, action, incident))
      await client.invalidateQueries({ queryKey: ['stream', id] })
      onDone()
    },
    onError: async (error) => {
      // A lost answer is requested again under the same key; a refusal was the answer.
      if (error instanceof Refusal) key.current = newIdempotencyKey()
      await client.invalidateQueries({ queryKey: ['stream', id] })
    },
  })
}

/** Only what has a command that takes it back: an acknowledgement and a snooze have none. */
function undoOf(
  client: QueryClient,
  action: Action,
  { id, epoch }: Incident,
): (() => Promise<string>) | null {
  if (action !== 'suppress') return null
  const param = { id, command: PLACES.unsuppress }
  return async () => {
    const request = { param, header: { 'if-match': `"${epoch}"` }, json: { as: 'operator' } }
    const back = await body(api.incidents[':id'][':command'].$post(request))
    await client.invalidateQueries({ queryKey: ['stream', id] })
    return doneWords('unsuppress', back, null)
  }
}

function InTheNameOf({
  story,
  moment,
  value,
  onChange,
}: {
  story: Story
  moment: StoryMoment
  value: string
  onChange: (as: string) => void
}) {
  // Its new holder is not on the path.
  const onPath = story.policy.path.flatMap((step) => step.agents)
  const agents = [...moment.addressees, ...onPath, story.policy.agent]
  return (
    <label className="flex flex-wrap items-center gap-2 text-muted">
      In the name of
      <select
        value={value}
        onChange={({ target }) => onChange(target.value)}
        className="touch rounded-md border border-edge bg-surface px-2 text-ink"
      >
        <option value="operator">an operator</option>
        {[...new Set(agents)].map((agent) => (
          <option key={agent} value={agent}>
            {agentName(agent)}
          </option>
        ))}
      </select>
    </label>
  )
}

function Consequence({ children }: { children: string[] }) {
  return (
    <div className="flex gap-2.5 rounded-md bg-raised px-3 py-2.5">
      <Icon name="arrow" className="mt-1 text-accent" />
      <div>
        <h3 className="text-sm font-semibold text-muted">What happens</h3>
        {children.filter(Boolean).map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
    </div>
  )
}
