import { parseArgs } from 'node:util'
import { planted } from './mutant.ts'
import { MUTANTS } from './mutants.ts'
import { plant } from './plant-mutants.ts'

/** One mutant (or none: `--name none`), one process: prints what found it, as JSON. Called by run.ts. */
const { values } = parseArgs({ options: { name: { type: 'string' }, budget: { type: 'string' } } })
const name = values.name ?? 'none'
const budgetMs = Number(values.budget)
const mutants = name === 'none' ? [] : planted(name, MUTANTS)
const grown = plant(mutants)

const { HUNTERS } = await import('./hunters.ts')
if (grown().length < mutants.length)
  throw new RangeError(`mutant "${name}" is in no module that the properties import`)
const beganAt = performance.now()
let found: { hunter: string; fault: string; runs: number } | null = null
for (const { name: hunter, share, hunt } of HUNTERS) {
  const { fault, runs } = await hunt(budgetMs * share)
  if (fault === null) continue
  found = { hunter, fault, runs }
  break
}
process.stdout.write(JSON.stringify({ found, seconds: (performance.now() - beganAt) / 1_000 }))
// Worlds that broke in the middle leave loops behind.
process.exit(0)
