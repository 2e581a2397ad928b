import type { ActivityHandler } from '@esa/actor'
import { behaviors } from '@esa/agents'
import { declinedActivities } from '@esa/behavior'
import { INCIDENT_TYPE, incidentContext } from '@esa/escalation'
import { type Alarm, type AlarmChannels, raiseAlarm } from '@esa/notify'
import { type JsonObject, isoTime } from '@esa/protocol'
import type { Store } from '@esa/store'
import { channelActivity, type ChannelPorts } from './channel-activity.ts'
import type { Config } from './config.ts'
import { noticeActivity } from './notice-activity.ts'
import { cliConfig } from './runtime-door.ts'

/** What the activities of a worker reach: the store, and where alarms go. */
export interface WorkerPorts {
  config: Config
  environment: NodeJS.ProcessEnv
  store: Store
  channels: AlarmChannels
  /** What telling people by channels takes besides the store. */
  announcing: Omit<ChannelPorts, 'store'>
}

/** Every activity that a worker runs: the runtime's, the plugins', and those that are declined because their plugin is not configured. */
export async function workerActivities(ports: WorkerPorts): Promise<ActivityHandler[]> {
  const { config, environment, store, channels, announcing } = ports
  const { plugins } = config.project
  const theirs = plugins.map(
    async ({ activities }) => (await activities?.({ config: cliConfig(config), environment, store })) ?? [],
  )
  const configured = new Set(plugins.map(({ name }) => name))
  return [
    noticeActivity(store),
    channelActivity({ ...announcing, store }),
    raise(store, channels),
    proposeResolution(store),
    ...(await Promise.all(theirs)).flat(),
    ...declinedActivities(behaviors.minds, configured),
  ]
}

/**
 * Notifies an incident's holder, else its last addressees, that its cause has been good again for a while. It is
 * theirs to resolve: nothing is closed here, and an incident that is over already needs no word.
 */
function proposeResolution(store: Store): ActivityHandler {
  return {
    activity: 'incident.propose-resolution',
    run: async ({ key, because }) => {
      const live = await store.listActors({ type: INCIDENT_TYPE, live: true })
      const incident = live.find((actor) => actor.key === key)
      if (incident === undefined) return []
      const { acknowledgedBy: by, addressees } = incidentContext(incident.state)
      const told = by === null || by === 'operator' ? addressees : [by]
      const body: JsonObject = { incidentId: incident.state.id, because }
      return told.map((to) => ({ to, type: 'incident.recovered', body }))
    },
  }
}

/** An alarm leaves the bus by file, and by webhook where there is one. */
function raise(store: Store, channels: AlarmChannels): ActivityHandler {
  return {
    activity: 'alarm',
    run: async (input, { actorId, key }) => {
      const { nowMs } = await store.runtime()
      const { why, ...details } = input
      const alarm: Alarm = {
        id: key,
        at: isoTime(nowMs),
        subject: `incident ${actorId}`,
        why: why as string,
        details,
      }
      await raiseAlarm(channels, alarm)
      return []
    },
  }
}
