import { INCIDENT_TYPE, incidentKey, incidentView, parseOpenIncident } from '@esa/escalation'
import { storeNow } from '@esa/operations'
import type { Mismatch } from '@esa/database-migrations/verify'
import { isEsaError } from '@esa/protocol'
import type { Config } from '../../config.ts'
import { note } from '@esa/cli/plugin-kit'
import { inWorld } from '../../runtime.ts'

/** Mismatches that an incident carries: enough to see what kind of loss it is, and far below the limit of a message. */
const SHOWN_MAX = 50

/** Who answers for the rows of a target. */
const AGENT = 'layer-1'

/**
 * Opens the incident of a data loss, which goes to the CEO at once, and gives its id; a second one of the same migration
 * and target is counted as a duplicate, where it was found alike: what was lost on a copy only (`rehearsed`) freezes nothing,
 * and must not hide a loss that happens on the target later. What keeps it from being opened is said on stderr and never hides the loss itself.
 */
export async function reportDataLoss(
  config: Config,
  {
    target,
    migration,
    mismatches,
    rehearsed,
  }: { target: string; migration: string; mismatches: Mismatch[]; rehearsed: boolean },
): Promise<string | null> {
  const where = rehearsed ? `a copy of ${target}` : target
  const shown = mismatches.slice(0, SHOWN_MAX)
  const opening = parseOpenIncident({
    agent: AGENT,
    category: 'data-loss',
    title: `${migration} loses data of ${where}`,
    dedupKey: `data-loss ${where} ${migration}`,
    evidence: { target, migration, mismatches: shown, total: mismatches.length, rehearsed },
  })
  // With --json stderr holds one problem and nothing else.
  const say = (line: string): void => (config.json ? undefined : note(line))
  try {
    return await inWorld(config, async (world) => {
      const by = await world.caller.actAs(AGENT, 'incidents:write', 'operator')
      const key = incidentKey(AGENT, opening.dedupKey)
      const body = { ...opening, by }
      const { state } = await world.host.open({ type: INCIDENT_TYPE, key, from: 'operator', body })
      const incident = incidentView(state, await storeNow(world.store))
      say(`opened ${await config.runtime.incidentText(incident)}`)
      return incident.id
    })
  } catch (error) {
    if (!isEsaError(error)) throw error
    const by = `esa incidents open --agent ${AGENT} --category data-loss --title "${opening.title}"`
    say(`no incident could be opened: ${error.message}. Open it: ${by}`)
    return null
  }
}
