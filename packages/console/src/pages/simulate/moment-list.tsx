import { Button } from '../../components/button.tsx'
import { type Moment, MOMENT_TYPES, type MomentType, needsWho } from './scenario.ts'

interface MomentListProps {
  moments: readonly Moment[]
  onChange: (moments: readonly Moment[]) => void
}

const FIELD = 'touch min-w-0 rounded-md border border-edge bg-surface px-2'

/** What happens in a simulation beside the clock, and when. */
export function MomentList({ moments, onChange }: MomentListProps) {
  const change = (id: number, part: Partial<Moment>): void =>
    onChange(moments.map((moment) => (moment.id === id ? { ...moment, ...part } : moment)))
  const add = (): void => {
    const id = Math.max(0, ...moments.map((moment) => moment.id)) + 1
    onChange([...moments, { id, at: '10 min', type: 'acknowledge', who: 'operator', lasts: '30 min' }])
  }
  return (
    <fieldset className="grid grid-cols-1 gap-2">
      <legend className="mb-1 font-semibold">What happens</legend>
      {moments.length === 0 ? <p className="text-muted">No one acts: it escalates to the end.</p> : null}
      {moments.map((moment) => (
        <MomentRow
          key={moment.id}
          moment={moment}
          onChange={(part) => change(moment.id, part)}
          onRemove={() => onChange(moments.filter(({ id }) => id !== moment.id))}
        />
      ))}
      <div>
        <Button icon="plus" onClick={add}>
          Add something
        </Button>
      </div>
    </fieldset>
  )
}

interface MomentRowProps {
  moment: Moment
  onChange: (part: Partial<Moment>) => void
  onRemove: () => void
}

function MomentRow({ moment: { at, type, who, lasts }, onChange, onRemove }: MomentRowProps) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <label className="inline-flex items-center gap-2">
        after
        <input
          value={at}
          onChange={({ target }) => onChange({ at: target.value })}
          className={`${FIELD} w-24`}
        />
      </label>
      <select
        aria-label="What"
        value={type}
        onChange={({ target }) => onChange({ type: target.value as MomentType })}
        className={FIELD}
      >
        {MOMENT_TYPES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {needsWho(type) ? (
        <label className="inline-flex items-center gap-2">
          {type === 'stop' || type === 'notice-fails' ? 'of' : 'by'}
          <input
            list="simulated-agents"
            value={who}
            onChange={({ target }) => onChange({ who: target.value })}
            className={`${FIELD} w-32`}
          />
        </label>
      ) : (
        <label className="inline-flex items-center gap-2">
          for
          <input
            value={lasts}
            onChange={({ target }) => onChange({ lasts: target.value })}
            className={`${FIELD} w-24`}
          />
        </label>
      )}
      <Button look="quiet" icon="close" aria-label={`Remove ${type} after ${at}`} onClick={onRemove} />
    </div>
  )
}
