import { personOf } from '@esa/protocol'
import { agentName } from '../agent-names.ts'
import { useServerNow } from '../clock.ts'
import { Icon } from '../components/icon.tsx'
import { When } from '../components/when.tsx'
import { countdownText } from '../durations.ts'
import { type Approval, isOpen } from './approval-query.ts'

/** Less is left than it takes to look at it with care, ms. */
const SOON_MS = 3 * 60_000

const OVER_WORDS: Record<string, string> = {
  used: 'It was run: this approval is used up.',
  rejected: 'It was rejected. Nothing runs because of it.',
  withdrawn: 'The request was withdrawn.',
  expired: 'The request expired.',
}

/** Who has voted, who may, and how long what was given holds. */
export function Votes({ approval }: { approval: Approval }) {
  const { given, needed, status, whoMayVote, voters } = approval
  const missing = Math.max(0, needed - given.length)
  return (
    <section aria-label="Votes" className="grid gap-1 rounded-md bg-raised px-3 py-2">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <strong>
          {status === 'granted' || status === 'used'
            ? 'Approved'
            : `${given.length} of ${needed} vote${needed === 1 ? '' : 's'}`}
        </strong>
        {isOpen(approval) ? <TimeLeft approval={approval} /> : null}
      </p>
      <ul>
        {given.map(({ as, by, at }) => (
          <li key={`${as} ${at}`} className="flex flex-wrap items-center gap-x-1.5">
            <Icon name="check" className="text-good" />
            <span>
              {by === null ? 'its playbook' : <bdi title={by}>{personOf(by).person}</bdi>} as {agentName(as)}
            </span>
            <span className="text-muted">
              <When at={at} />
            </span>
          </li>
        ))}
      </ul>
      {!isOpen(approval) ? (
        <p>{OVER_WORDS[status] ?? `It is over: ${status}.`}</p>
      ) : status === 'granted' ? (
        <p>
          {given.some(({ oneOperator }) => oneOperator)
            ? 'One operator approved it alone: it can be run from 10 to 25 minutes after that, once.'
            : 'It waits to be run, once.'}
        </p>
      ) : (
        <>
          <p>
            {missing === 0 ? 'Still needed' : `Awaited: ${missing} more vote${missing === 1 ? '' : 's'}`} ·{' '}
            <span className="text-muted">
              May vote: <bdi>{whoMayVote}</bdi>.
            </span>
          </p>
          <Refused voters={voters} />
        </>
      )}
    </section>
  )
}

/** Persons whose vote would not count, and why: they learn it before they try. */
function Refused({ voters }: Pick<Approval, 'voters'>) {
  const refused = voters.filter(({ refusal }) => refusal !== null)
  if (refused.length === 0) return null
  return (
    <ul aria-label="May not vote" className="text-sm text-muted">
      {refused.map(({ account, name, vouchedBy, refusal }) => (
        <li key={account}>
          May not vote: <bdi className="text-ink">{name}</bdi> (vouched for by <bdi>{vouchedBy}</bdi>):{' '}
          {refusal}.
        </li>
      ))}
    </ul>
  )
}

function TimeLeft({ approval: { lapsesAt, expiresAt } }: { approval: Approval }) {
  const now = useServerNow(1_000)
  const end = lapsesAt ?? expiresAt
  if (end === null) return <span className="text-muted">time left: unknown</span>
  const left = Date.parse(end) - now
  const what = lapsesAt === null ? 'until the request expires' : 'until what was given lapses'
  return (
    <span className={lapsesAt !== null && left < SOON_MS ? 'font-semibold text-danger' : 'text-muted'}>
      <span className="figures font-mono font-semibold">{countdownText(left)}</span> {what}
    </span>
  )
}
