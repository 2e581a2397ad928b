import { byPlace, hasErrors, orgTree } from '@esa/org'
import type { Config } from '../config.ts'
import { EXIT } from '../exit-codes.ts'
import { loadOrg, misfits } from '../load-org.ts'
import { answer } from '../output.ts'
import { problemText } from '../problem-text.ts'

/** Checks the whole organization: every card, and how they fit together. Warnings alone are not a failure. */
export async function checkOrg(config: Config): Promise<void> {
  const { directory, problems: ofCards } = await loadOrg(config.agents)
  const problems = [...ofCards, ...misfits(directory, config.ownAgents)].toSorted(byPlace)
  if (hasErrors(problems)) process.exitCode = EXIT.invalid
  answer(config, { problems }, () =>
    problems.length === 0 ? `${directory.cards().length} cards, no problems` : problemText(problems),
  )
}

/** Draws who reports to whom. */
export async function showOrg(config: Config): Promise<void> {
  const { directory } = await loadOrg(config.agents)
  const tree = orgTree(directory)
  answer(config, { agents: directory.all().length, tree }, () => tree)
}
