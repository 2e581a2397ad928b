import type { Column, Counting, Sequence } from '../model/catalog.ts'
import { INTEGERS } from './carry-over.ts'

/** Everything that can be said of it, in the words of CREATE SEQUENCE. */
function words({ increment, min, max, start, cache, cycle }: Counting): string[] {
  return [
    `INCREMENT BY ${increment}`,
    `MINVALUE ${min}`,
    `MAXVALUE ${max}`,
    `START WITH ${start}`,
    `CACHE ${cache}`,
    cycle ? 'CYCLE' : 'NO CYCLE',
  ]
}

/** What follows CREATE SEQUENCE and its name. */
export function sequenceSql({ type, counting }: Pick<Sequence, 'type' | 'counting'>): string {
  return `AS ${type} ${words(counting).join(' ')}`
}

/** How the server counts when nothing is said, upwards or downwards. */
function usual(type: string, down: boolean): Counting {
  const [, least, most] = INTEGERS[type]!
  const [min, max] = down ? [least, '-1'] : ['1', most]
  return { increment: '1', min, max, start: down ? max : min, cache: '1', cycle: false }
}

/** `GENERATED ... AS IDENTITY`, with what the server would not take by itself. */
export function identitySql(
  { identity, type }: Pick<Column, 'identity' | 'type'>,
  counting: Counting,
): string {
  const known = words(usual(type, isDown(counting)))
  const said = words(counting).filter((word) => !known.includes(word))
  const when = identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'
  return `GENERATED ${when} AS IDENTITY${said.length === 0 ? '' : ` (${said.join(' ')})`}`
}

/** What ALTER COLUMN sets so that an identity counts in another way; empty when both are the same. */
export function setCounting(from: Counting, to: Counting): string[] {
  const known = words(from)
  return words(to).flatMap((word) => (known.includes(word) ? [] : [`SET ${word}`]))
}

/** True for a sequence whose values become smaller. */
export function isDown({ increment }: Counting): boolean {
  return increment.startsWith('-')
}

/** True when both give the same values, as far as their bounds let them. */
export function givesTheSame(a: Counting, b: Counting): boolean {
  return a.increment === b.increment && a.start === b.start
}

/** SQL: the first of a sequence's values at or after `free`, so that it goes on in its own steps. */
export function inStep(free: string, counting: Counting): string {
  const [start, step] = [
    `(${counting.start})`,
    `${BigInt(counting.increment) < 0n ? -BigInt(counting.increment) : counting.increment}`,
  ]
  return isDown(counting)
    ? `CASE WHEN ${free} < ${start} THEN ${start} - (${start} - ${free} + ${step} - 1) / ${step} * ${step} ELSE ${start} END`
    : `CASE WHEN ${free} > ${start} THEN ${start} + (${free} - ${start} + ${step} - 1) / ${step} * ${step} ELSE ${start} END`
}
