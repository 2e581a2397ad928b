import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { api, body } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Failed } from '../../components/states.tsx'
import type { AgentState } from './agent-query.ts'
import { sayDone } from '../../toasts.ts'

type Wish = 'stop' | 'resume' | 'human' | 'built-in'

/** Stops and resumes an agent and gives its seat away; each says before the click what follows. */
export function Steer({ state }: { state: AgentState }) {
  const [wish, setWish] = useState<Wish | null>(null)
  const stopped = state.status === 'stopped'
  return (
    <div className="flex flex-wrap gap-2">
      {stopped ? (
        <Button acts icon="play" onClick={() => setWish('resume')}>
          Resume
        </Button>
      ) : (
        <Button acts look="danger" icon="pause" onClick={() => setWish('stop')}>
          Stop
        </Button>
      )}
      {state.seat === 'human' ? (
        <Button acts icon="bolt" disabled={stopped} onClick={() => setWish('built-in')}>
          Give the seat to its playbook
        </Button>
      ) : (
        <Button acts icon="person" disabled={stopped} onClick={() => setWish('human')}>
          Give the seat to a person
        </Button>
      )}
      {wish === null ? null : <Confirm wish={wish} state={state} onClose={() => setWish(null)} />}
    </div>
  )
}

function Confirm({ wish, state, onClose }: { wish: Wish; state: AgentState; onClose: () => void }) {
  const client = useQueryClient()
  const { title, consequence } = wordsFor(wish, state)
  const act = useMutation({
    mutationFn: () => send(wish, state.id),
    onSuccess: () => {
      void client.invalidateQueries()
      sayDone(`Done: ${title.charAt(0).toLowerCase()}${title.slice(1)}.`)
      onClose()
    },
  })
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="grid grid-cols-1 gap-3">
        {consequence}
        {act.error === null ? null : <Failed error={act.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button
            acts
            look={wish === 'stop' ? 'danger' : 'primary'}
            disabled={act.isPending}
            onClick={() => act.mutate()}
          >
            {title}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function wordsFor(wish: Wish, { id, incidents }: AgentState): { title: string; consequence: ReactNode } {
  const touched = new Set([...incidents.held, ...incidents.addressed]).size
  switch (wish) {
    case 'stop':
      return {
        title: `Stop ${id}`,
        consequence: (
          <p>
            It takes nothing more until it is resumed.{' '}
            {touched === 0
              ? 'No open incident waits for it.'
              : `${touched} open incident${touched === 1 ? '' : 's'} that it holds or must answer learn so at once and go on without it.`}
          </p>
        ),
      }
    case 'resume':
      return {
        title: `Resume ${id}`,
        consequence: <p>It takes messages again. What it missed while it was stopped is not sent again.</p>,
      }
    case 'human':
      return {
        title: `Give the seat of ${id} to a person`,
        consequence: (
          <p>Its playbook answers nothing any more; what arrives waits in its inbox for a person.</p>
        ),
      }
    case 'built-in':
      return {
        title: `Give the seat of ${id} to its playbook`,
        consequence: (
          <p>The playbook answers what it recognizes from now on. What waits already stays in the inbox.</p>
        ),
      }
  }
}

async function send(wish: Wish, id: string): Promise<unknown> {
  const one = api.agents[':id']
  const param = { id }
  switch (wish) {
    case 'stop':
      return await body(one.stop.$post({ param }))
    case 'resume':
      return await body(one.resume.$post({ param }))
    default:
      return await body(one.seat.$post({ param, json: { seat: wish } }))
  }
}
