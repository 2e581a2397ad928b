import { textOf } from '@esa/protocol'
import { type Decision, evidenceOf, type Mind, type Notice } from '../../generic/mind.ts'
import { watchOrganisation } from '../../generic/overload-watch.ts'

/** Takes a data loss that is counted, and binds its opener to keep the source until a person has restored the rows. */
function playbook(notice: Notice): Decision {
  const { kind, missing, source, copy } = evidenceOf(notice)
  if (
    notice.category !== 'data-loss' ||
    kind !== 'rows-missing' ||
    typeof missing !== 'number' ||
    missing < 1
  ) {
    return { kind: 'cannot-decide', because: 'the evidence counts no missing rows' }
  }
  const directive = `Nothing is dropped or truncated in ${textOf(source)} until the ${missing} rows missing from ${textOf(copy)} are back and counted.`
  return {
    kind: 'acknowledge',
    because: `${missing} rows are missing and the source still has them`,
    change: { send: [{ to: notice.agent, type: 'directive', body: { directive } }] },
  }
}

/** The CEO: acts on counted data loss, and learns when half of the organisation is overloaded. */
export const ceo: Mind = { playbook, skills: { status_update: watchOrganisation } }
