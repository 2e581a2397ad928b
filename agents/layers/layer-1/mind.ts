import { covers, scopesOf, textOf } from '@esa/protocol'
import { decline, defineBehavior, type Mind, receive, type Skill } from '@esa/behavior'
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
import { databaseDefinition } from './database-definition.ts'
import { indexChangeDefinition } from './index-change-definition.ts'
import { looked, lookFailed, lookFor, LOOKS } from './tasks.ts'
import { measured, measureFailed, measureNow, wake, watch } from './watching.ts'

/** A task: an index that the chief orders, or a look. Each takes a scope of the caller who caused it; other tasks wait in the inbox. */
const task: Skill = (context, event) => {
  const name = textOf(event['task'])
  const isOrder = name === BUILD_INDEX
  if (!isOrder && !Object.hasOwn(LOOKS, name)) return receive(context, event)
  const scope = isOrder ? 'db:plan' : LOOKS[name]!.scope
  if (!covers(scopesOf(event['scopes']), scope)) return decline(event, `${name} takes the scope ${scope}`)
  if (!isOrder) return lookFor(context, event)
  // The agent that hands an order over does not give it, and the chief gave it to another agent.
  if (event['handedOver'] !== undefined)
    return decline(event, 'an order to build is given to me, by my chief')
  return orderIndex(context, event)
}

/** Layer 1, Database Architecture: looks, measures, opens incidents with evidence, and builds what was approved. */
export const layer1: Mind = defineBehavior({
  needs: {
    plugin: 'database',
    activities: {
      'database.look': 'look.failed',
      'database.measure': 'measure.failed',
      'index.rehearse': 'index.failed',
      'index.build': 'index.failed',
    },
  },
  actors: [databaseDefinition, indexChangeDefinition],
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
})
