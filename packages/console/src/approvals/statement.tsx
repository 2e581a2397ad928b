import { statementHash } from '@esa/protocol'
import { Badge } from '../components/badges.tsx'
import { Icon } from '../components/icon.tsx'
import { Sql } from '../components/sql.tsx'
import type { InboxItem } from '../pages/inbox/inbox-query.ts'

type Shown = Omit<NonNullable<InboxItem['statement']>, 'approval'>

/** A statement that is to be approved: all of it, where it would run, and its hash, which this page computes again. */
export function Statement({ statement }: { statement: Shown }) {
  const { target, text, hash, change } = statement
  const same = statementHash(text) === hash
  return (
    <div className="mt-1">
      <p className="flex flex-wrap items-center gap-2">
        <strong>
          A statement for <bdi>{target}</bdi>
        </strong>
        {change === null ? null : (
          <Badge
            tone={change === 'additive' ? 'info' : 'danger'}
            icon={change === 'additive' ? 'bolt' : 'warning'}
          >
            {change}
          </Badge>
        )}
      </p>
      <pre className="my-2 max-h-[40vh] overflow-auto rounded border bg-raised p-3 font-mono text-sm break-words whitespace-pre-wrap">
        <bdi>
          <Sql text={text} />
        </bdi>
      </pre>
      <p className="flex flex-wrap items-center gap-x-2 text-sm">
        <span className="text-muted">sha256</span>
        <code className="break-all">{hash}</code>
        {same ? (
          <span className="inline-flex items-center gap-1 text-good">
            <Icon name="check" /> computed here from the text above: the same
          </span>
        ) : (
          <strong className="inline-flex items-center gap-1 text-danger">
            <Icon name="warning" /> this is NOT the hash of the text above: do not approve it
          </strong>
        )}
      </p>
    </div>
  )
}
