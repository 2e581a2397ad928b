interface JsonTreeProps {
  value: unknown
  /** Levels that are open at first. */
  open?: number
}

/** Long text is cut until it is expanded, characters. */
const TEXT_MAX = 400

/** Entries of one list or object that are shown; the rest is counted. */
const ENTRIES_MAX = 200

/** JSON as a tree to read and to fold: text as text, numbers with their places, nothing executed. */
export function JsonTree({ value, open = 2 }: JsonTreeProps) {
  if (value === null || typeof value !== 'object') return <Scalar value={value} />
  const entries = Object.entries(value)
  if (entries.length === 0)
    return <span className="text-muted">{Array.isArray(value) ? 'empty list' : 'empty'}</span>
  return (
    <ul className="grid gap-0.5">
      {entries.slice(0, ENTRIES_MAX).map(([key, member]) => (
        <li key={key} className="min-w-0">
          <Entry name={key} value={member} open={open} />
        </li>
      ))}
      {entries.length > ENTRIES_MAX ? (
        <li className="text-muted">and {entries.length - ENTRIES_MAX} more</li>
      ) : null}
    </ul>
  )
}

function Entry({ name, value, open }: { name: string; value: unknown; open: number }) {
  const nested = value !== null && typeof value === 'object' && Object.keys(value).length > 0
  if (!nested)
    return (
      <div className="flex min-w-0 gap-2">
        <bdi className="shrink-0 text-muted">{name}</bdi>
        <span className="min-w-0">
          <JsonTree value={value} />
        </span>
      </div>
    )
  const count = Object.keys(value).length
  return (
    <details open={open > 0}>
      <summary className="w-fit rounded text-muted hover:text-ink">
        <bdi>{name}</bdi>{' '}
        <span className="text-sm">({Array.isArray(value) ? `${count} in a list` : count})</span>
      </summary>
      <div className="ml-1.5 border-l pl-3">
        <JsonTree value={value} open={open - 1} />
      </div>
    </details>
  )
}

function Scalar({ value }: { value: unknown }) {
  if (typeof value === 'number')
    return (
      <span className="figures font-mono text-sm">
        {value.toLocaleString('en-GB', { maximumFractionDigits: 6 })}
      </span>
    )
  if (typeof value !== 'string') return <span className="font-mono text-sm">{String(value)}</span>
  if (value.length <= TEXT_MAX && !value.includes('\n')) return <bdi className="break-words">{value}</bdi>
  return <LongText text={value} />
}

/** Text of several lines, or long: as it is, and folded where it is very long. */
function LongText({ text }: { text: string }) {
  const block = (
    <pre
      // A block that scrolls has to be reachable without a mouse.
      tabIndex={0}
      className="max-h-96 overflow-auto rounded bg-raised p-2 font-mono text-sm whitespace-pre-wrap"
    >
      <bdi>{text}</bdi>
    </pre>
  )
  if (text.length <= 4 * TEXT_MAX) return block
  return (
    <details>
      <summary className="break-words">
        <bdi>{text.slice(0, TEXT_MAX / 2)}</bdi>…
      </summary>
      {block}
    </details>
  )
}
