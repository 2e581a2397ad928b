import type { ActivityHandler } from '@esa/actor'
import type { ActivityPorts } from '@esa/operations/plugin'
import { onRehearsal } from '../sandbox/on-rehearsal.ts'
import { openTarget } from '../targets/targets.ts'
import { buildIndexActivity } from './build-index.activity.ts'
import { freezeActivity } from './freeze.activity.ts'
import { lookActivity } from './look.activity.ts'
import { measureActivity } from './measure.activity.ts'
import { measureHistory } from './measure-history.ts'
import type { OpenTargetByName } from './open-target.activity.ts'
import { rehearseIndexActivity } from './rehearse-index.activity.ts'
import { workerLooks } from './worker-looks.ts'

/** The copy on which an index is tried: a sample is enough for plans, and small tables come whole. */
const COPY = { id: 'index', rows: 'sample' } as const

/** Every activity that agents perform on a database. */
export function databaseActivities({ config, environment, store }: ActivityPorts): ActivityHandler[] {
  const open: OpenTargetByName = (name, heavy) => openTarget(config, name, environment, { heavy })
  return [
    measureActivity(open, measureHistory(store)),
    rehearseIndexActivity(open, (target, work) =>
      onRehearsal(config, environment, { target }, COPY, ({ queryable }) => work(queryable)),
    ),
    buildIndexActivity(open),
    freezeActivity(open),
    lookActivity(open, workerLooks(config, environment)),
  ]
}
