import { textOf } from '@esa/protocol'
import { decline } from '../../generic/asking.ts'
import { receive } from '../../generic/inbox.ts'
import type { Mind, Skill } from '../../generic/mind.ts'
import {
  approvalEnded,
  approvalGranted,
  approvalUsed,
  BUILD_INDEX,
  freeze,
  indexBuilt,
  indexFailed,
  indexRehearsed,
  orderIndex,
  setAuthority,
  thaw,
} from './building.ts'
import { looked, lookFailed, lookFor, LOOKS } from './tasks.ts'
import { measured, measureFailed, measureNow, wake, watch } from './watching.ts'

/** A task: an index that the chief orders, a look that anybody may ask for; what else is asked waits in the inbox. */
const task: Skill = (context, event) => {
  const name = textOf(event['task'])
  if (name === BUILD_INDEX) {
    // Whoever hands an order over does not give it, and whoever gave it gave it to somebody else.
    if (event['handedOver'] !== undefined)
      return decline(event, 'an order to build is given to me, by my chief')
    return orderIndex(context, event)
  }
  return Object.hasOwn(LOOKS, name) ? lookFor(context, event) : receive(context, event)
}

/** Layer 1, Database Architecture: looks, measures, opens incidents with evidence, and builds what was approved. */
export const layer1: Mind = {
  tasks: LOOKS,
  skills: {
    watch,
    wake,
    measure: measureNow,
    'measure.done': measured,
    'measure.failed': measureFailed,
    task_request: task,
    authority: setAuthority,
    freeze,
    thaw,
    'look.done': looked,
    'look.failed': lookFailed,
    'index.rehearsed': indexRehearsed,
    'approval.granted': approvalGranted,
    'approval.used': approvalUsed,
    'approval.rejected': approvalEnded,
    'approval.withdrawn': approvalEnded,
    'approval.lapsed': approvalEnded,
    'approval.expired': approvalEnded,
    'approval.refused': approvalEnded,
    'index.built': indexBuilt,
    'index.failed': indexFailed,
  },
}
