import { type RuntimeStatus, runtimeStatus } from '@esa/operations/views'
import { formatDuration } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { figureRows } from '../figures-text.ts'
import { loadOrg } from '../load-org.ts'
import { describePlace } from '../residence.ts'
import { lookInStore } from '../store-access.ts'
import { surroundingsOf } from '../surroundings.ts'

/** What runs, what is open by level, and how late the ladder itself has been. */
export async function status(config: Config): Promise<void> {
  const { directory } = await loadOrg(config.agents)
  await lookInStore(config, async (store, databaseUrl) => {
    const world = { store, directory, timeScale: config.timeScale }
    const seen = await runtimeStatus(world, await surroundingsOf(config, databaseUrl))
    answer(config, seen, () => text(seen))
  })
}

function text(seen: RuntimeStatus): string {
  const { backlog, workers } = seen
  const running = workers.map(
    ({ id, pid, host, beatAgeMs }) => `${id} pid ${pid} on ${host}, heard ${formatDuration(beatAgeMs)} ago`,
  )
  return columns([
    [
      'runtime',
      `${seen.runtimeId}${seen.timeScale === 1 ? '' : colours.yellow(` (new waits divided by ${seen.timeScale})`)}`,
    ],
    ...(seen.muted ? [[colours.yellow('MUTED'), mutedNote(seen)]] : []),
    ...(seen.oneOperator === null
      ? []
      : [[colours.yellow('one operator'), `${seen.oneOperator} approves alone: esa accounts ls`]]),
    ['database', `${seen.database}, queues on ${seen.queues}`],
    ['wake-ups', wakeNote(seen)],
    ['log', logNote(seen)],
    ['workers', running.length === 0 ? colours.yellow('none: start one with: esa up') : running.join('; ')],
    ...figureRows(seen),
    ['backlog', `${backlog.messages} messages, ${backlog.activities} activities, ${backlog.dead} given up`],
  ])
}

function mutedNote({ here, places }: RuntimeStatus): string {
  return `this is ${describePlace(here)}, its runtime is at home in ${places.map(describePlace).join(', ')}; to let it act here: esa adopt`
}

function logNote({ log: { role, owner, guarded } }: RuntimeStatus): string {
  return guarded
    ? `append-only to ${role}, owned by ${owner}`
    : colours.yellow(
        `guarded by triggers and hash chains alone, because ${role} could take them away: esa doctor`,
      )
}

function wakeNote({ wake: { listen, pollMs } }: RuntimeStatus): string {
  return listen
    ? `by LISTEN, and polled every ${pollMs} ms`
    : `polled every ${pollMs} ms: there is no LISTEN through a pooler`
}
