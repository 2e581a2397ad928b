import { JsonTree } from '../components/json-tree.tsx'
import { Empty } from '../components/states.tsx'

type Entries = [string, unknown][]

/** What the opener of the incident saw: numbers as figures, plans beside each other, everything else as a tree. */
export function EvidencePanel({ evidence }: { evidence: unknown }) {
  const entries = entriesOf(evidence)
  if (entries.length === 0)
    return <Empty title="It was opened without evidence.">An opener may add it: --evidence FILE.</Empty>
  const numbers = entries.filter(([, value]) => typeof value === 'number' || typeof value === 'boolean')
  const plans = plansIn(entries)
  const rest = entries.filter(
    ([key]) => !numbers.some(([name]) => name === key) && !plans.some(([name]) => name === key),
  )
  return (
    <div className="grid gap-5">
      <Metric entries={entries} />
      {numbers.length === 0 ? null : (
        <dl className="grid grid-cols-[repeat(auto-fit,minmax(9rem,1fr))] gap-2">
          {numbers.map(([key, value]) => (
            <Figure key={key} name={key} value={value} />
          ))}
        </dl>
      )}
      {plans.length === 0 ? null : (
        <div className={`grid gap-4 ${plans.length > 1 ? 'xl:grid-cols-2' : ''}`}>
          {plans.map(([key, plan]) => (
            <section key={key} className="min-w-0">
              <h2 className="mb-1">
                <bdi>{spoken(key)}</bdi>
              </h2>
              <div className="overflow-x-auto rounded-md border bg-surface p-3">
                <JsonTree value={plan} open={6} />
              </div>
            </section>
          ))}
        </div>
      )}
      {rest.length === 0 ? null : (
        <section className="min-w-0">
          <h2 className="mb-1">Everything else</h2>
          <div className="overflow-x-auto rounded-md border bg-surface p-3">
            <JsonTree value={Object.fromEntries(rest)} open={3} />
          </div>
        </section>
      )}
    </div>
  )
}

function entriesOf(evidence: unknown): Entries {
  if (evidence === null || evidence === undefined) return []
  return typeof evidence === 'object' ? Object.entries(evidence) : [['evidence', evidence]]
}

/** Plans wherever an opener put them: under a name with "plan" in it, before "before", after "after". */
function plansIn(entries: Entries): Entries {
  const plans = entries.filter(
    ([key, value]) =>
      /plan/i.test(key) && value !== null && typeof value !== 'boolean' && typeof value !== 'number',
  )
  return plans.toSorted(([a], [b]) => order(a) - order(b))
}

function order(key: string): number {
  return /before/i.test(key) ? 0 : /after/i.test(key) ? 2 : 1
}

/** The reading that broke its bound, as Layer 1 reports it. */
function Metric({ entries }: { entries: Entries }) {
  const metric = entries.find(([key]) => key === 'metric')?.[1]
  if (metric === null || typeof metric !== 'object') return null
  const { key, value, unit, threshold } = metric as Record<string, unknown>
  if (typeof key !== 'string' || typeof value !== 'number') return null
  return (
    <p className="text-lg">
      <bdi className="font-semibold">{spoken(key)}</bdi> is{' '}
      <strong className="figures text-danger">
        {value.toLocaleString('en-GB')} <bdi>{typeof unit === 'string' ? unit : ''}</bdi>
      </strong>
      {threshold === undefined ? null : (
        <span className="text-muted">
          {' '}
          against a bound of{' '}
          <bdi>{typeof threshold === 'string' ? threshold : JSON.stringify(threshold)}</bdi>
        </span>
      )}
    </p>
  )
}

function Figure({ name, value }: { name: string; value: unknown }) {
  return (
    <div className="rounded-md border bg-surface px-3 py-2">
      <dt className="text-sm break-words text-muted">
        <bdi>{spoken(name)}</bdi>
      </dt>
      <dd className="figures text-lg font-semibold">
        {typeof value === 'number'
          ? value.toLocaleString('en-GB', { maximumFractionDigits: 3 })
          : String(value)}
      </dd>
    </div>
  )
}

/** `latencyMsP95` as "latency ms p95". */
function spoken(key: string): string {
  return key
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase()
}
