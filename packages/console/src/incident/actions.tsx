import type { Story, StoryMoment } from '@esa/escalation'
import { useState } from 'react'
import { sentence } from '../agent-names.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { useBlocked } from '../health.ts'
import { useHotkeys } from '../hotkeys.ts'
import { ActionDialog } from './action-dialog.tsx'
import { type Action, ACTIONS, whyNot } from './possible-actions.ts'

const ABOUT: Record<Action, string> = {
  acknowledge: 'You have it: the wait stops.',
  escalate: 'The next level is notified now.',
  resolve: 'It is over, with its cause.',
  snooze: 'Quiet for a while; then notified again.',
  suppress: 'Keep what is left of the wait.',
  unsuppress: 'Let the wait go on.',
  reassign: 'Another agent is notified instead.',
  decline: 'The notified agents cannot take it.',
  raise: 'It is a data loss: straight to the CEO.',
  withdraw: 'It was opened by mistake.',
}

/** What can be done about an incident: three things at hand, all of them one step further; a, e and r do the same. */
export function Actions({ id, story, moment }: { id: string; story: Story; moment: StoryMoment }) {
  const [asking, setAsking] = useState<Action | 'more' | null>(null)
  const blocked = useBlocked()
  const ask = (action: Action) => (): void => {
    if (blocked === null && whyNot(story, moment, action) === null) setAsking(action)
  }
  useHotkeys({ a: ask('acknowledge'), e: ask('escalate'), r: ask('resolve') })
  const may = (action: Action): boolean => whyNot(story, moment, action) === null
  const close = (): void => setAsking(null)
  return (
    <>
      <div className="grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
        <Button
          acts
          look="primary"
          icon="hand"
          hotkey="a"
          disabled={!may('acknowledge')}
          onClick={ask('acknowledge')}
        >
          Acknowledge
        </Button>
        <Button acts icon="up" hotkey="e" disabled={!may('escalate')} onClick={ask('escalate')}>
          Escalate
        </Button>
        <Button acts icon="check" hotkey="r" disabled={!may('resolve')} onClick={ask('resolve')}>
          Resolve
        </Button>
        <Button acts onClick={() => setAsking('more')}>
          More…
        </Button>
        {blocked === null ? null : <p className="col-span-2 w-0 min-w-full text-warn">{blocked}</p>}
      </div>
      {asking === 'more' ? (
        <Dialog title="What can be done" onClose={close}>
          <ul className="-mx-2 grid">
            {ACTIONS.map((action) => {
              const why = whyNot(story, moment, action)
              return (
                <li key={action}>
                  <button
                    type="button"
                    disabled={why !== null}
                    onClick={() => setAsking(action)}
                    className="touch flex w-full flex-wrap items-baseline gap-x-3 rounded-md px-2 py-1.5 text-left not-disabled:hover:bg-raised"
                  >
                    <span className={`w-28 font-semibold ${why === null ? '' : 'text-muted line-through'}`}>
                      {sentence(action)}
                    </span>
                    <span className="text-muted">{why === null ? ABOUT[action] : sentence(why)}</span>
                  </button>
                </li>
              )
            })}
          </ul>
        </Dialog>
      ) : asking === null ? null : (
        <ActionDialog id={id} action={asking} story={story} moment={moment} onClose={close} />
      )}
    </>
  )
}
