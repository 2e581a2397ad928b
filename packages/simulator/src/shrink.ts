import type { Moment, Plan } from './plan.ts'
import { runPlan, type SoakOptions } from './soak-run.ts'

/** Most runs that a shrinking may take: a minute or two, as what is left gets shorter with every cut. */
const SHRINK_RUNS_MAX = 300

/**
 * The shortest plan that still breaks the same invariant, by cutting moments out: first whole incidents, then one moment
 * after another (delta debugging). What is left to chance stays with the names it belongs to, so that a cut moves little.
 */
export async function shrinkPlan(plan: Plan, violation: string, options: SoakOptions): Promise<Plan> {
  const wanted = invariantOf(violation)
  let runs = 0
  const breaks = async (moments: Moment[]): Promise<boolean> => {
    if (runs++ >= SHRINK_RUNS_MAX) return false
    const found = await runPlan({ ...plan, moments }, options)
    return found.violation !== null && invariantOf(found.violation) === wanted
  }
  const whole = await cutDown(groupsOf(plan.moments), (groups) => breaks(inOrder(plan, groups.flat())))
  const single = await cutDown(
    inOrder(plan, whole.flat()).map((moment) => [moment]),
    (groups) => breaks(groups.flat()),
  )
  return { ...plan, moments: single.flat() }
}

/** The number and the name of what a violation breaks, without its particulars. */
export function invariantOf(violation: string): string {
  return violation.split(':')[0] ?? violation
}

/** An incident with all that happens to it is one group; a fault is one by itself. */
function groupsOf(moments: Moment[]): Moment[][] {
  const groups = Map.groupBy(moments, (moment) => ('incident' in moment ? moment.incident : moment))
  return [...groups.values()]
}

function inOrder({ moments }: Plan, kept: Moment[]): Moment[] {
  const set = new Set(kept)
  return moments.filter((moment) => set.has(moment))
}

/** Removes ever smaller pieces as long as what is left still breaks. */
async function cutDown<T>(all: T[], breaks: (left: T[]) => Promise<boolean>): Promise<T[]> {
  let left = all
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length;) {
      const without = [...left.slice(0, from), ...left.slice(from + size)]
      if (await breaks(without)) left = without
      else from += size
    }
  }
  return left
}
