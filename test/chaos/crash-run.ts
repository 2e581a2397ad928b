import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { incidentContext, incidentKey } from '@esa/escalation'
import { ChaosWorld } from './chaos-world.ts'
import { CRASH_POINTS, type CrashPoint } from './crash-points.ts'
import { Driver } from './driver.ts'
import { untilIs } from './lives.ts'
import type { Backend, Servers } from './servers.ts'
import { judge, type Verdict } from './verdict.ts'

/** The peers' 30 minutes become 0.25 s, the CEO's two hours 1 s: a crash waits for its deadline, not for us. */
const TIME_SCALE = 7_200

/** A process that is to kill itself has come to its point by then, or never will, ms. */
const REACHED_WITHIN_MS = 15_000

/** What the closing of an incident sends is mostly out by then; what is not, is looked at in the end, ms. */
const CLEARED_WITHIN_MS = 2_000

/** Who opens the incidents, and whom no mind answers for. */
const OPENER = 'layer-9'

/** A point of every kind that concerns the queue itself, for the second backend. */
export const QUEUE_POINTS: readonly CrashPoint[] = CRASH_POINTS.filter((point) =>
  /^(?:relay|ring)\.|\.(?:hint|claim|complete)\./.test(point),
)

/**
 * Kills a real process at every point, once, starts another, and looks whether its incident goes its way. The last
 * judgment is over all of them together.
 */
export async function crashEverywhere(
  servers: Servers,
  backend: Backend,
  points: readonly CrashPoint[] = CRASH_POINTS,
  onPoint: (point: CrashPoint, index: number) => void = () => {},
): Promise<Verdict> {
  const world = await ChaosWorld.open({ servers, backend, timeScale: TIME_SCALE, slots: 1 })
  const driver = new Driver(world)
  const wrong: string[] = []
  try {
    await startArmable(world)
    for (const [index, point] of points.entries()) {
      onPoint(point, index)
      const id = point.startsWith('command.')
        ? await crashOfCommand(world, driver, point, wrong)
        : await crashOfWorker(world, driver, point, wrong)
      await goesOn(world, driver, id, point)
      await driver.command(id, { type: 'resolve', as: 'operator', cause: point })
      await cleared(world)
    }
    const verdict = await judge(world, driver)
    verdict.wrong.push(...wrong)
    return verdict
  } finally {
    await world.close()
  }
}

/** A worker that comes to a point only once the file says which. */
function startArmable(world: ChaosWorld): Promise<ChildProcess> {
  const environment = { CRASH_ARM: armOf(world), CRASH_MARK: markOf(world) }
  return world.start(world.slots[0]!, { preload: 'crash-at', environment })
}

/** The worker that the last crash left behind dies of this one, and another takes its place. */
async function crashOfWorker(
  world: ChaosWorld,
  driver: Driver,
  point: CrashPoint,
  wrong: string[],
): Promise<string> {
  const category = point.startsWith('alarm.') ? 'security' : 'integration'
  const dead = deathOf(world, world.slots[0]!.worker!)
  // No worker serves deadlines from its death until the next one is ready.
  world.outages.begin()
  // Whole at once: the worker looks at every query.
  await writeFile(`${armOf(world)}.new`, point)
  await rename(`${armOf(world)}.new`, armOf(world))
  const { id } = await driver.open(OPENER, category, point)
  await dead(point, wrong)
  await rm(armOf(world))
  await startArmable(world)
  world.outages.end()
  return id
}

/** A command line that is killed is repeated by its caller: there must be one incident. */
async function crashOfCommand(
  world: ChaosWorld,
  driver: Driver,
  point: CrashPoint,
  wrong: string[],
): Promise<string> {
  const key = point
  const about = ['--agent', OPENER, '--category', 'integration', '--title', point, '--dedup-key', key]
  const preload = join(import.meta.dirname, 'crash-at.ts')
  const command = world.home.start(['incidents', 'open', ...about], {
    ...world.environment(),
    CRASH_AT: point,
    CRASH_MARK: markOf(world),
    NODE_OPTIONS: `--import=${preload}`,
  })
  await deathOf(world, command)(point, wrong)
  const { id } = await world.esa<{ id: string }>('incidents', 'open', ...about)
  const asked = { type: 'open', key: incidentKey(OPENER, key) }
  driver.asked.push(
    { ...asked, incidentId: null, answered: null },
    { ...asked, incidentId: id, answered: [] },
  )
  driver.opened.set(id, key)
  return id
}

function markOf(world: ChaosWorld): string {
  return join(world.home.folder, 'crashed-at')
}

function armOf(world: ChaosWorld): string {
  return join(world.home.folder, 'crash-next')
}

/** Watches a process from now on. What it answers says how the process ended: killed, and at that point, as its mark tells. */
function deathOf(
  world: ChaosWorld,
  child: ChildProcess,
): (point: CrashPoint, wrong: string[]) => Promise<void> {
  let said = ''
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()))
  child.stdout?.resume()
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  return async (point, wrong) => {
    const [code, signal] = await Promise.race([ended, pause(REACHED_WITHIN_MS, [null, null] as const)])
    const mark = await readFile(markOf(world), 'utf8').catch(() => null)
    await rm(markOf(world), { force: true })
    if (signal === 'SIGKILL' && mark === point) return
    wrong.push(`${point}: never reached (ended with ${code ?? signal}, mark ${mark}): ${said.slice(-1_000)}`)
    child.kill('SIGKILL')
  }
}

/** The incident climbs to the chief, or to its end where its alarm is what the crash was about. */
async function goesOn(world: ChaosWorld, driver: Driver, id: string, point: CrashPoint): Promise<void> {
  await untilIs(driver, id, (state) =>
    point.startsWith('alarm.') ? state.status === 'exhausted' : incidentContext(state).index > 0,
  )
  if (!point.startsWith('alarm.')) return
  while (!(await readFile(world.alarmFile, 'utf8').catch(() => '')).includes(id)) await pause(20)
}

/** Lets the next point begin without the last one's rows. */
async function cleared({ store }: ChaosWorld): Promise<void> {
  const giveUpAt = performance.now() + CLEARED_WITHIN_MS
  for (;;) {
    const { messages, activities } = await store.backlog()
    if (messages + activities === 0 || performance.now() > giveUpAt) return
    await pause(20)
  }
}
