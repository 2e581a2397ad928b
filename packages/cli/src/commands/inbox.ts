import { type AgentContext, agentDefinitions, type InboxItem } from '@esa/agents'
import { refusalIn } from '@esa/escalation'
import { EsaError, isoTime } from '@esa/protocol'
import type { Config } from '../config.ts'
import { osUser } from '../flags.ts'
import { answer, columns } from '../output.ts'
import { inWorld, type World } from '../world.ts'
import { requireAgent } from './incidents.ts'

type Entry = Omit<InboxItem, 'at'> & { agent: string; at: string }

/** Lists what waits in the inboxes, oldest first. */
export async function listInbox(config: Config, agent: string | undefined): Promise<void> {
  await inWorld(config, async (world) => {
    if (agent !== undefined) requireAgent(world, agent)
    const items = (await entries(world)).filter((item) => agent === undefined || item.agent === agent)
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

/** Answers a message in an agent's name. @throws EsaError `inbox.no-such-item` or `inbox.is-an-incident` (terminal). */
export async function answerItem(
  config: Config,
  id: string,
  flags: Record<string, string | undefined>,
): Promise<void> {
  const as = flags['as'] ?? ''
  await inWorld(config, async (world) => {
    requireAgent(world, as)
    const item = (await entries(world)).find((entry) => entry.id === id && entry.agent === as)
    if (item?.kind === 'incident') {
      throw new EsaError('inbox.is-an-incident', 'terminal', `${id} is an incident`, {
        hint: `esa incidents ack ${id} --as ${as}`,
      })
    }
    const { state, events } = await world.host.command(as, {
      type: 'answer',
      item: id,
      text: flags['text'],
      as,
      by: osUser(),
    })
    if (item === undefined || refusalIn(events) !== null) {
      throw new EsaError('inbox.no-such-item', 'terminal', `the inbox of ${as} holds no item "${id}"`, {
        hint: `esa inbox ls --agent ${as}`,
      })
    }
    answer(config, { agent: as, item: id, answered: true, seq: state.seq }, () => `answered ${id} as ${as}`)
  })
}

async function entries({ store }: World): Promise<Entry[]> {
  const types = [...new Set(agentDefinitions().map(({ type }) => type))]
  const actors = (await Promise.all(types.map((type) => store.listActors({ type })))).flat()
  return actors
    .flatMap(({ state }) => {
      const { context }: { context: unknown } = state.snapshot
      return Object.values((context as AgentContext).inbox).map((item) => ({ agent: state.id, ...item }))
    })
    .toSorted((a, b) => a.at - b.at)
    .map((item) => ({ ...item, at: isoTime(item.at) }))
}
