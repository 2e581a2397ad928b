import type { ActivityHandler } from '@esa/actor'
import {
  buildIndexActivity,
  freezeActivity,
  type Look,
  lookActivity,
  measureActivity,
  type MeasureHistory,
  type OnCopy,
  type OpenTargetByName,
  rehearseIndexActivity,
} from '@esa/agents/activities'
import { INCIDENT_TYPE, incidentContext } from '@esa/escalation'
import { type Alarm, type AlarmChannels, raiseAlarm } from '@esa/notify'
import { type JsonObject, isoTime } from '@esa/protocol'
import type { Probe } from '@esa/database-advice/measure'
import type { Store } from '@esa/store'
import { channelActivity, type ChannelPorts } from './channel-activity.ts'
import { noticeActivity } from './notice-activity.ts'

/** What the activities of a worker reach: the store, the targets of Layer 1, and where alarms go. */
export interface ActivityPorts {
  store: Store
  openTarget: OpenTargetByName
  onCopy: OnCopy
  looks: Record<string, Look>
  channels: AlarmChannels
  /** What telling people by channels takes besides the store. */
  announcing: Omit<ChannelPorts, 'store'>
}

/** Every activity that a worker runs. */
export function workerActivities(ports: ActivityPorts): ActivityHandler[] {
  const { store, openTarget, onCopy, looks, channels, announcing } = ports
  return [
    noticeActivity(store),
    channelActivity({ ...announcing, store }),
    raise(store, channels),
    proposeResolution(store),
    measureActivity(openTarget, measureHistory(store)),
    rehearseIndexActivity(openTarget, onCopy),
    buildIndexActivity(openTarget),
    freezeActivity(openTarget),
    lookActivity(openTarget, looks),
  ]
}

/** How far back uptime looks, ms. */
const UPTIME_WINDOW_MS = 24 * 3_600_000

/** The key under which probes are kept beside the readings. */
const PROBES_KEY = 'probes'

function measureHistory(store: Store): MeasureHistory {
  return {
    keep: async (target, readings) => {
      const { nowMs } = await store.runtime()
      const plain = readings.map((reading) => JSON.parse(JSON.stringify(reading)) as JsonObject)
      await store.keepReadings(
        plain.map((reading) => ({ target, key: reading['key'] as string, at: nowMs, reading })),
      )
    },
    keepProbes: async (target, probes) => {
      const { nowMs } = await store.runtime()
      const reading = { probes: probes.map(({ at, ok }) => ({ at, ok })) }
      await store.keepReadings([{ target, key: PROBES_KEY, at: nowMs, reading }])
      const kept = await store.readings(target, PROBES_KEY, nowMs - UPTIME_WINDOW_MS)
      return kept.flatMap((one) => one.reading['probes'] as unknown as Probe[])
    },
  }
}

/**
 * Tells whoever holds an incident, else whoever was told last, that what it is about has been good again for a while. It is
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
