import type { ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { Sql } from '../components/sql.tsx'
import type { Approval } from './approval-query.ts'

/** What is known of the change, and what is not: nothing is left out. */
export function ApprovalFacts({ facts }: { facts: Approval['facts'] }) {
  const { p95MsBefore, p95MsAfter, method, sizeBytes, buildMs, locks, blockedMsMax, rollback, calls } = facts
  return (
    <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
      <Fact name="p95 of the workload on a copy" wide>
        {p95MsBefore === null || p95MsAfter === null ? (
          <Unknown />
        ) : (
          <Bars before={p95MsBefore} after={p95MsAfter} />
        )}
        {method === null ? null : (
          <p className="mt-1 text-sm break-words text-muted">
            <bdi>{method}</bdi>
          </p>
        )}
      </Fact>
      <Fact name="Size on the copy">{sizeBytes === null ? <Unknown /> : bytesText(sizeBytes)}</Fact>
      <Fact name="Build time on the copy">{buildMs === null ? <Unknown /> : msText(buildMs)}</Fact>
      <Fact name="Locks">
        <Words words={locks} none="none" />
      </Fact>
      <Fact name="Kept others waiting">
        {blockedMsMax === null ? <Unknown /> : `${msText(blockedMsMax)} at most`}
      </Fact>
      <Fact name="Calls">
        <Words words={calls} none="nothing that is not known to be harmless" />
      </Fact>
      <Fact name="Way back">
        {rollback === null ? (
          <Unknown />
        ) : rollback === false ? (
          <strong className="inline-flex items-center gap-1 text-danger">
            <Icon name="warning" /> no way back
          </strong>
        ) : (
          <code className="font-mono text-sm break-words whitespace-pre-wrap">
            <bdi>
              <Sql text={rollback} />
            </bdi>
          </code>
        )}
      </Fact>
    </dl>
  )
}

function Fact({ name, wide = false, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={`min-w-0 ${wide ? 'sm:col-span-2' : ''}`}>
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="figures break-words">{children}</dd>
    </div>
  )
}

function Unknown() {
  return <em className="text-warn">unknown</em>
}

function Words({ words, none }: { words: string[] | null; none: string }) {
  if (words === null) return <Unknown />
  if (words.length === 0) return <>{none}</>
  return (
    <ul>
      {words.map((word) => (
        <li key={word}>
          <bdi>{word}</bdi>
        </li>
      ))}
    </ul>
  )
}

/** Two bars on one axis that begins at zero; the words beside them say the same. */
function Bars({ before, after }: { before: number; after: number }) {
  const most = Math.max(before, after)
  const share = before <= 0 ? null : Math.round((1 - after / before) * 100)
  return (
    <div className="mt-0.5 grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-2 gap-y-1">
      <span>Before</span>
      <Bar share={most === 0 ? 0 : before / most} color="var(--edge)" />
      <span className="text-right">{msText(before)}</span>
      <span>After</span>
      <Bar share={most === 0 ? 0 : after / most} color={after <= before ? 'var(--good)' : 'var(--danger)'} />
      <strong className={`text-right ${after <= before ? 'text-good' : 'text-danger'}`}>
        {msText(after)}
        {share === null ? '' : ` (${share >= 0 ? '−' : '+'}${Math.abs(share)} %)`}
      </strong>
    </div>
  )
}

function Bar({ share, color }: { share: number; color: string }) {
  return (
    <svg aria-hidden="true" className="h-3 w-full rounded-sm bg-raised">
      <rect width={`${Math.max(0.5, share * 100)}%`} height="100%" fill={color} />
    </svg>
  )
}

/** `412 ms`, `2.1 s`, `4 min`. */
function msText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms * 10) / 10} ms`
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

/** `6.3 MB`: powers of 1,000, as the units say. */
function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${Math.round((bytes / 1_000 ** power) * 10) / 10} ${units[power]}`
}
