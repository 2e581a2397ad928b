import { formatDuration } from '@esa/protocol'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { Failed, Loading } from '../components/states.tsx'
import { ViewSwitch } from '../components/view-switch.tsx'
import { When } from '../components/when.tsx'
import { CheckPanel } from './db/check-panel.tsx'
import { boardQuery, type Span, SPANS, type TargetBoard } from './db/db-query.ts'
import { FreezePanel } from './db/freeze-panel.tsx'
import { MetricTileView } from './db/metric-tile.tsx'

const SPAN_NAMES = Object.keys(SPANS) as Span[]

/** One database: what is promised of it, how it does, what was found, and whether it may be changed. */
export function DatabasePage() {
  const { target } = useParams({ from: '/db/$target' })
  const [span, setSpan] = useState<Span>('24 h')
  const board = useQuery(boardQuery(target, span))
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <h1>
          {target} <span className="font-normal text-muted">database</span>
        </h1>
        <p className="mr-auto text-muted">
          {board.data === undefined ? null : <NextLook board={board.data} />}
        </p>
        <ViewSwitch label="How far back" options={SPAN_NAMES} value={span} onChoose={setSpan} />
      </div>
      {board.error !== null ? (
        <Failed error={board.error} retry={() => void board.refetch()} />
      ) : board.data === undefined ? (
        <Loading what={target} lines={8} />
      ) : (
        <div className="grid grid-cols-1 gap-4">
          <div className="grid grid-cols-1 gap-4 md:grid-cols-2 xl:grid-cols-3">
            <ol aria-label="What is promised" className="contents">
              {board.data.tiles.map((tile) => (
                <MetricTileView key={tile.key} tile={tile} target={target} />
              ))}
            </ol>
            <FreezePanel target={target} frozen={board.data.frozen} />
          </div>
          <CheckPanel target={target} />
        </div>
      )}
    </>
  )
}

function NextLook({ board: { nextLookAt, everyMs, target } }: { board: TargetBoard }) {
  if (everyMs === null)
    return (
      <>
        Not watched. Start with: <code>esa db watch --target {target} --every 60s</code>
      </>
    )
  return (
    <>
      Looked at every {formatDuration(everyMs)}
      {nextLookAt === null ? null : (
        <>
          , next <When at={nextLookAt} />
        </>
      )}
    </>
  )
}
