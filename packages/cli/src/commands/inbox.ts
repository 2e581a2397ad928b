import { answerItem, judgeProposal, listInbox as list } from '@esa/operations'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { inWorld, lookInWorld } from '../world.ts'

/** Lists what waits in the inboxes, oldest first. */
export async function listInbox(config: Config, agent: string | undefined): Promise<void> {
  await lookInWorld(config, async (world) => {
    const items = await list(world, agent)
    answer(config, { items }, () =>
      items.length === 0
        ? 'nothing waits for an answer'
        : columns([
            ['ITEM', 'AGENT', 'KIND', 'FROM', 'SINCE', 'ABOUT'],
            ...items.map((item) => [item.id, item.agent, item.kind, item.from, item.at, item.about]),
          ]),
    )
  })
}

/** Answers a message in the name of an agent, or of its holder. @throws EsaError `inbox.*`, `agent.*`, `auth.*` (terminal). */
export async function answerMessage(
  config: Config,
  id: string,
  flags: { as?: string; text: string },
): Promise<void> {
  await inWorld(config, async (world) => {
    const done = await answerItem(world, id, flags)
    answer(config, done, () => `answered ${id} as ${done.agent}`)
  })
}

/** Approves or rejects a proposal in an agent's name. @throws EsaError `auth.*`, `approval.own-request` or `inbox.no-such-proposal` (terminal). */
export async function judge(
  config: Config,
  id: string,
  approved: boolean,
  flags: { as: string; because?: string },
): Promise<void> {
  await inWorld(config, async (world) => {
    const done = await judgeProposal(world, id, approved, flags)
    answer(config, done, () => `${done.decision} ${id} as ${done.agent}`)
  })
}
