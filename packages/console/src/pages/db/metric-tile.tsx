import { lazy, Suspense } from 'react'
import { Badge } from '../../components/badges.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { localTime, When } from '../../components/when.tsx'
import type { MetricTile } from './db-query.ts'
import { whatToDo } from './what-to-do.ts'

const HistoryChart = lazy(async () => ({
  default: (await import('../../components/history-chart.tsx')).HistoryChart,
}))

/** One promise of the card: the last value, what is promised, how it went, and what to do when it is broken. */
export function MetricTileView({ tile, target }: { tile: MetricTile; target: string }) {
  const { key, text, unit, comparator, threshold, value, ok, at, why, history } = tile
  const promised = `${comparator} ${threshold} ${unit}`
  return (
    <li className="flex min-w-0 flex-col rounded-md border bg-surface px-4 py-3">
      <div className="flex items-start gap-2">
        <h2 className="grow text-base">{text}</h2>
        <Verdict ok={ok} />
      </div>
      <p className="figures mt-1 text-2xl font-semibold">
        {value === null ? '-' : Math.round(value * 100) / 100}
        <span className="ml-1 text-base font-normal text-muted">{unit}</span>
      </p>
      <p className="text-sm text-muted">
        promised {promised}
        {at === null ? '' : ', '}
        {at === null ? null : <When at={at} />}
      </p>
      {why === null ? null : (
        <p className="text-sm text-warn">
          <bdi>{why}</bdi>
        </p>
      )}
      {history.length === 0 ? (
        <p className="my-4 text-sm text-muted">Nothing was measured in this time.</p>
      ) : (
        <>
          <div className="mt-2 min-h-[140px]">
            <Suspense fallback={null}>
              <HistoryChart
                label={`${text}: ${history.length} readings, the last ${value ?? 'not measured'}, promised ${promised}`}
                unit={unit}
                points={history}
                threshold={threshold}
              />
            </Suspense>
          </div>
          <Values tile={tile} />
        </>
      )}
      <WhatToDo open={ok === false} metric={key} target={target} />
    </li>
  )
}

function Verdict({ ok }: { ok: boolean | null }) {
  if (ok === null) return <Badge tone="plain">not known</Badge>
  return ok ? (
    <Badge tone="good" icon="check">
      kept
    </Badge>
  ) : (
    <Badge tone="danger" icon="warning">
      broken
    </Badge>
  )
}

/** The picture as a table: the newest first. */
function Values({ tile: { text, unit, history } }: { tile: MetricTile }) {
  return (
    <details>
      <summary className="touch text-sm text-muted">Values as a table</summary>
      <div className="max-h-64 overflow-y-auto">
        <DataTable
          caption={`Readings of ${text}`}
          rows={history.toReversed()}
          keyOf={({ at }) => at}
          columns={[
            { head: 'When', names: true, cell: ({ at }) => localTime(at) },
            { head: unit, numeric: true, cell: ({ value }) => value ?? 'not measured' },
            { head: 'Kept', cell: ({ ok }) => (ok === null ? '-' : ok ? 'yes' : 'no') },
          ]}
        />
      </div>
    </details>
  )
}

function WhatToDo({ open, metric, target }: { open: boolean; metric: string; target: string }) {
  return (
    <details open={open} className="mt-auto">
      <summary className="touch text-sm font-semibold">What to do</summary>
      <ol className="grid list-decimal gap-1 pl-5 text-sm">
        {whatToDo(metric, target).map((step) => {
          const [words, command] = step.split(': esa ')
          return (
            <li key={step}>
              {words}
              {command === undefined ? null : (
                <>
                  : <code className="break-words">esa {command}</code>
                </>
              )}
            </li>
          )
        })}
      </ol>
    </details>
  )
}
