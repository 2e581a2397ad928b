import { drawPlan, brokenInvariants, brokenWorldInvariants, runPlan, World } from '@esa/simulator'
import { isEsaError } from '@esa/protocol'
import { pinPolicy } from '@esa/escalation'
import * as fc from 'fast-check'
import { projectOrg } from '../incidents/project-org.ts'
import { wrongLadderIn } from '../properties/ladder-table.ts'
import { live, lives } from '../properties/random-life.ts'

/** What a hunt came to: the first fault, or none, after so many runs. */
interface Hunt {
  fault: string | null
  runs: number
}

/** Looks for a fault until it finds one or the time is over. The same code always gives the same runs. */
type Hunter = (budgetMs: number) => Promise<Hunt>

/** Small worlds that end soon: a mutant needs the right moment, not a long time. */
const SOAKED = { lastsMs: 86_400_000, incidents: 25 }

/** Long downtimes are in the lives; here they would only take the time in which bells, rows and races go wrong. */
const LEFT_OUT = new Set(['workers-down', 'store-down'])

/** Longer than the longest hold, 24 h, by a minute for what each step is late. */
const LONGEST_SILENCE_MS = 24 * 3_600_000 + 60_000

const directory = projectOrg()

/** The same organization with waits on its cards that are not the defaults. */
const otherWaits = projectOrg((_, text) =>
  text.replaceAll('30 min wait', '45 min wait').replaceAll('1 hour wait', '90 min wait'),
)

/**
 * What hunts, in the order in which it is tried, and its share of the time. What is quick comes first and again later,
 * with other lives and for longer.
 */
export const HUNTERS: readonly { name: string; share: number; hunt: Hunter }[] = [
  { name: 'ladders', share: 0, hunt: ladders },
  { name: 'lives', share: 0.1, hunt: (ms) => randomLives(ms, 1) },
  { name: 'left alone', share: 0.05, hunt: (ms) => leftAlone(ms, 1) },
  { name: 'mailboxes', share: 0.05, hunt: mailboxes },
  { name: 'worlds', share: 0.35, hunt: worlds },
  { name: 'lives', share: 0.3, hunt: (ms) => randomLives(ms, 2) },
  { name: 'left alone', share: 0.15, hunt: (ms) => leftAlone(ms, 2) },
]

/** Every ladder of the organization against the table of the docs. */
async function ladders(): Promise<Hunt> {
  return { fault: wrongLadderIn(directory, pinPolicy) ?? wrongLadderIn(otherWaits, pinPolicy), runs: 1 }
}

/** Random lives of one incident, aimed at its deadlines, each checked by every invariant that a log can show. */
function randomLives(budgetMs: number, seed: number): Promise<Hunt> {
  return sample({ budgetMs, seed, arbitrary: lives }, async (life) => {
    const world = new World({ directory })
    return brokenInvariants(await world.history(await live(world, life)))[0] ?? null
  })
}

/** Random lives after which no one acts: exhausted, in bounded time. */
function leftAlone(budgetMs: number, seed: number): Promise<Hunt> {
  return sample({ budgetMs, seed, arbitrary: lives }, async (life) => {
    const world = new World({ directory })
    const id = await live(world, life)
    const { path } = await world.incident(id)
    const ladderMs = path.reduce((sum, { waitMs }) => sum + waitMs, 0) + path.at(-1)!.waitMs
    await world.advance(LONGEST_SILENCE_MS + ladderMs)
    const { status } = await world.incident(id)
    if (status !== 'exhausted' && status !== 'resolved')
      return `19 climbsToTheEnd: left alone, it is ${status}`
    return brokenInvariants(await world.history(id))[0] ?? null
  })
}

const letters = fc.array(
  fc.record({
    from: fc.constantFrom('layer-1', 'layer-2', 'chief-1', 'domain-1'),
    to: fc.constantFrom('layer-3', 'layer-14', 'ops-63', 'expert-10'),
    isAnswered: fc.boolean(),
    pauseMs: fc.nat({ max: 6 * 3_600_000 }),
  }),
  { minLength: 1, maxLength: 6 },
)

/** Agents that ask each other, and open incidents where no answer comes: all is delivered, and every log holds. */
function mailboxes(budgetMs: number): Promise<Hunt> {
  return sample({ budgetMs, seed: 1, arbitrary: letters }, async (sent) => {
    const world = new World({ directory, agents: true })
    for (const { from, to, isAnswered, pauseMs } of sent) {
      const asked = {
        type: 'task_request',
        subject: 'a task',
        body: { task: 'look at it' },
        responseRequired: true,
      }
      const [item] = await world.send({ from, to: [to], ...asked })
      if (isAnswered)
        await world.tell(to, { type: 'answer', item: item!, text: 'done', as: to, by: 'somebody' })
      await world.advance(pauseMs)
    }
    await world.advance(2 * LONGEST_SILENCE_MS)
    const { messages, dead } = await world.store.backlog()
    if (messages + dead > 0) return `liveness outboxEmpties: ${messages} messages wait, ${dead} are dead`
    const rows = await world.store.listActors({})
    const actors = await Promise.all(rows.map(({ state }) => world.history(state.id)))
    return (
      brokenWorldInvariants({
        nowMs: Math.max(...rows.map(({ state }) => state.at)),
        outages: [],
        actors,
      })[0] ?? null
    )
  })
}

/** Whole worlds: several workers on a bad bus and a store in trouble, which have to come to rest by themselves. */
async function worlds(budgetMs: number): Promise<Hunt> {
  const until = performance.now() + budgetMs
  let runs = 0
  while (performance.now() < until) {
    runs++
    const fault = await faultOf(async () => {
      const { moments, ...plan } = drawPlan(BigInt(runs), directory, SOAKED)
      const kept = moments.filter((moment) => !LEFT_OUT.has(moment.do))
      return (await runPlan({ ...plan, moments: kept }, { directory })).violation
    })
    if (fault !== null) return { fault, runs }
  }
  return { fault: null, runs }
}

async function sample<T>(
  { budgetMs, seed, arbitrary }: { budgetMs: number; seed: number; arbitrary: fc.Arbitrary<T> },
  check: (drawn: T) => Promise<string | null>,
): Promise<Hunt> {
  let fault: string | null = null
  const property = fc.asyncProperty(arbitrary, async (drawn) => {
    fault = await faultOf(() => check(drawn))
    return fault === null
  })
  const { numRuns } = await fc.check(property, {
    seed,
    numRuns: 1_000_000,
    interruptAfterTimeLimit: budgetMs,
    endOnFailure: true,
  })
  return { fault, runs: numRuns }
}

/** A check that breaks has found a fault too: some guard of the product itself spoke up. */
async function faultOf(check: () => Promise<string | null>): Promise<string | null> {
  try {
    return await check()
  } catch (error) {
    const { code, message } = isEsaError(error) ? error : { code: 'error', message: String(error) }
    return `guard ${code}: ${message}`
  }
}
