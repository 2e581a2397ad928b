import { Icon, type IconName } from '../../components/icon.tsx'
import type { OrgAgent } from './org-query.ts'

/** What is to be said of an agent in a word each, the most pressing first. */
export function marksOf({ status, seat, openItems, incidents, awaits }: OrgAgent): Mark[] {
  const { held, addressed } = incidents
  const asked = addressed.filter((id) => !held.includes(id)).length
  return [
    ...(status === 'stopped' ? [{ icon: 'pause', word: 'stopped', tone: 'text-danger' } as const] : []),
    ...(asked === 0
      ? []
      : [
          {
            icon: 'alarm',
            word: count(asked, 'incident asks', 'incidents ask'),
            figure: asked,
            tone: 'text-warn',
          } as const,
        ]),
    ...(held.length === 0
      ? []
      : [
          {
            icon: 'hand',
            word: `holds ${count(held.length, 'incident', 'incidents')}`,
            figure: held.length,
            tone: 'text-info',
          } as const,
        ]),
    ...(openItems === 0
      ? []
      : [
          {
            icon: 'inbox',
            word: count(openItems, 'item open', 'items open'),
            figure: openItems,
            tone: 'text-ink',
          } as const,
        ]),
    ...(awaits.length === 0
      ? []
      : [
          {
            icon: 'clock',
            word: `waits for ${count(awaits.length, 'answer', 'answers')}`,
            figure: awaits.length,
            tone: 'text-quiet',
          } as const,
        ]),
    ...(seat === 'human'
      ? [{ icon: 'person', word: 'a person sits here', tone: 'text-muted' } as const]
      : []),
  ]
}

interface Mark {
  icon: IconName
  word: string
  figure?: number
  tone: string
}

function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}

/** The marks of an agent: pictures with figures, and the words for screen readers and tooltips. */
export function AgentMarks({ agent, words = false }: { agent: OrgAgent; words?: boolean }) {
  const marks = marksOf(agent)
  if (marks.length === 0) return words ? <span className="text-muted">nothing open</span> : null
  return (
    <span className={`inline-flex flex-wrap items-center ${words ? 'gap-x-3' : 'gap-x-1.5'}`}>
      {marks.map(({ icon, word, figure, tone }) => (
        <span
          key={word}
          title={word}
          className={`figures inline-flex items-center gap-0.5 text-sm font-semibold ${tone}`}
        >
          <Icon name={icon} />
          {words ? word : <span aria-hidden="true">{figure}</span>}
          {words ? null : <span className="sr-only">{word}</span>}
        </span>
      ))}
    </span>
  )
}
