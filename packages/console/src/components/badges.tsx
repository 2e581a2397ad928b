import type { ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

const TONES = {
  danger: 'bg-danger-soft text-danger',
  warn: 'bg-warn-soft text-warn',
  good: 'bg-good-soft text-good',
  info: 'bg-info-soft text-info',
  quiet: 'bg-quiet-soft text-quiet',
  plain: 'bg-raised text-muted',
} as const

/** What a badge means beside its word. */
export type Tone = keyof typeof TONES

/** A word in a colored field, with a picture that says the same. */
export function Badge({ tone, icon, children }: { tone: Tone; icon?: IconName; children: ReactNode }) {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded px-1.5 py-0.5 text-sm font-semibold whitespace-nowrap ${TONES[tone]}`}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </span>
  )
}

const STATUSES: Record<string, { tone: Tone; icon: IconName }> = {
  triggered: { tone: 'warn', icon: 'alarm' },
  acknowledged: { tone: 'info', icon: 'hand' },
  snoozed: { tone: 'quiet', icon: 'moon' },
  suppressed: { tone: 'quiet', icon: 'pause' },
  exhausted: { tone: 'danger', icon: 'warning' },
  resolved: { tone: 'good', icon: 'check' },
}

/** The state of an incident. */
export function StatusBadge({ status }: { status: string }) {
  const { tone, icon } = STATUSES[status] ?? { tone: 'plain' as const, icon: 'dot' as const }
  return (
    <Badge tone={tone} icon={icon}>
      {status}
    </Badge>
  )
}

const RUNGS = ['peer', 'domain', 'chief', 'ceo']

/** A tier as a small ladder with its rung filled, and its name. */
export function LevelMark({ level }: { level: string }) {
  const at = RUNGS.indexOf(level)
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <svg viewBox="0 0 14 16" aria-hidden="true" className="h-[1.1em] shrink-0">
        {RUNGS.map((rung, n) => (
          <rect
            key={rung}
            x="1"
            y={12.5 - n * 4}
            width="12"
            height="2.4"
            rx="1"
            fill={n === at ? 'var(--accent)' : n < at ? 'var(--edge)' : 'var(--line)'}
          />
        ))}
      </svg>
      {level === 'ceo' ? 'CEO' : level}
    </span>
  )
}
