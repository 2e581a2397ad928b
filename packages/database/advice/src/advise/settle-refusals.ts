import type { Refusal } from './advice.ts'

/**
 * One verdict on each index: one that is recommended is not refused, none is refused twice, and what was refused for the
 * sake of another gets another reason where that one is refused itself. `built` are statements by index name.
 */
export function settleRefusals(
  refused: readonly Refusal[],
  { built, chosen }: { built: ReadonlyMap<string, string>; chosen: ReadonlySet<string> },
): Refusal[] {
  const recommended = new Set([...chosen].map((name) => built.get(name)))
  const once = new Map(refused.map((one) => [one.ddl, one]))
  return [...once.values()].flatMap((one) => {
    if (recommended.has(one.ddl)) return []
    const { instead } = one
    if (instead === undefined || chosen.has(instead)) return [one]
    const reason = once.get(built.get(instead) ?? '')?.reason ?? 'no-gain'
    const why = `not built: ${instead}, tried for the same statements, is refused itself (${reason})`
    return [{ ...one, reason: 'no-gain' as const, why }]
  })
}
