import type { Change, SendParams } from '@esa/actor'
import { type JsonObject, textOf } from '@esa/protocol'
import {
  type AgentContext,
  type Decision,
  defineBehavior,
  evidenceOf,
  followedBy,
  type Mind,
  type Notice,
  receive,
  type Skill,
  watchOrganisation,
} from '@esa/behavior'

/** Writing the flag of a freeze takes a moment; a database that does not answer is reported, ms. */
const FREEZE_TIMEOUT_MS = 30_000

/** Who changes databases: it learns of every freeze, whatever agent saw the loss. */
const CHANGER = 'layer-1'

/**
 * Takes a data loss that was counted: freezes the database, so that nothing gets worse, binds the opener to keep the source,
 * assigns the repair, and tells the chief what was decided. A loss that was not counted is for a person.
 */
function playbook(notice: Notice): Decision {
  const loss = lossIn(evidenceOf(notice))
  if (notice.category !== 'data-loss' || loss === null) {
    return { kind: 'cannot-decide', because: 'the evidence counts nothing that is missing' }
  }
  return {
    kind: 'acknowledge',
    because: `${loss.what}. ${loss.directive}`,
    change: emergency(notice, loss),
  }
}

/** What is missing, in words, and what must not happen; `freeze` is the target where it did happen, and null on a copy. */
type Loss = { what: string; directive: string; freeze: string | null; task: string; about: JsonObject }

function lossIn(evidence: JsonObject): Loss | null {
  const { kind, missing, source, copy, mismatches, migration, rehearsed } = evidence
  const target = textOf(evidence['target'])
  const freeze = target === '' || rehearsed === true ? null : target
  if (kind === 'rows-missing' && typeof missing === 'number' && missing >= 1) {
    const what = `${missing} rows are missing from ${textOf(copy)} and ${textOf(source)} still has them`
    const directive = `Nothing is dropped, truncated or contracted in ${textOf(source)} until they are back and counted.`
    return { what, directive, freeze, task: 'restore-data', about: { target, source, copy, missing } }
  }
  if (!Array.isArray(mismatches) || mismatches.length === 0) return null
  const name = textOf(migration) || 'the proposed migration'
  const what = `${mismatches.length} mismatches between before and after ${name} on ${target}`
  return rehearsed === true
    ? {
        what: `${what}, on a copy`,
        directive: `${name} is not applied to ${target} until a rehearsal of it loses nothing.`,
        freeze,
        task: 'mend-migration',
        about: { target, migration: name },
      }
    : {
        what,
        directive: `Nothing more is applied to ${target}, and nothing contracted, until what is missing is back and counted.`,
        freeze,
        task: 'restore-data',
        about: { target, migration: name },
      }
}

function emergency({ agent, incidentId }: Notice, loss: Loss): Change<AgentContext> {
  const { what, directive, freeze: target, task, about } = loss
  const reason = `${what} (incident ${incidentId})`
  const decision: JsonObject = { decision: directive, because: reason, binding: true, incidentId }
  const orders: SendParams[] = [
    { to: agent, type: 'directive', body: { directive, because: reason } },
    { to: agent, type: 'task_request', body: { task, data: { incidentId, what, ...about } } },
    { to: 'chief-1', type: 'decision', body: decision },
  ]
  if (target === null) return { send: orders }
  return {
    send: [...orders, { to: CHANGER, type: 'freeze', body: { target, reason } }],
    perform: [{ activity: 'database.freeze', input: { target, reason }, timeoutMs: FREEZE_TIMEOUT_MS }],
  }
}

/** Whether the flag is in the database itself, where no agent can lift it. */
const frozen: Skill = (_, event) => {
  const { target, reason } = event
  return { record: [{ type: 'target.frozen', data: { target, reason } }] }
}

/** The flag could not be written: what Layer 1 builds is frozen all the same, and the log says what else has to happen. */
const freezeFailed: Skill = (_, event) => {
  const { target, why } = event
  const byHand = `esa db freeze --target ${textOf(target)}`
  return { record: [{ type: 'target.freeze_failed', data: { target, why, byHand } }] }
}

/** What a chief passed on exceeds every policy: a person decides it here, and says so in the log until then. */
const proposal: Skill = (context, event) => {
  const because = 'what a chief passes on is decided by a person'
  const data = { item: event.messageId, because }
  return followedBy(receive(context, event), { record: [{ type: 'agent.undecided', data }] })
}

/** The CEO: acts on counted data loss, and learns when half of the organization is overloaded. */
export const ceo: Mind = defineBehavior({
  needs: { plugin: 'database', activities: { 'database.freeze': 'freeze.failed' } },
  playbook,
  skills: {
    status_update: watchOrganisation,
    proposal,
    'freeze.done': frozen,
    'freeze.failed': freezeFailed,
  },
})
