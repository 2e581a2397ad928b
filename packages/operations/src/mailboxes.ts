import { type AgentContext, agentDefinitions, cardFacts, goesBy, type InboxItem } from '@esa/agents'
import type { Directory } from '@esa/org'
import { isoTime } from '@esa/protocol'
import type { ActorHost } from '@esa/runtime'
import type { LockedActor, Store } from '@esa/store'

/** Something that waits in an agent's inbox. */
export type OpenItem = Omit<InboxItem, 'at'> & { agent: string; at: string }

/** Every agent that has been told something. */
export async function mailboxes(store: Store): Promise<LockedActor[]> {
  const types = [...new Set(agentDefinitions().map(({ type }) => type))]
  return (await Promise.all(types.map((type) => store.listActors({ type })))).flat()
}

/** What an agent carries. */
export function contextOf({ state }: Pick<LockedActor, 'state'>): AgentContext {
  const { context }: { context: unknown } = state.snapshot
  return context as AgentContext
}

/** What waits in the inboxes, oldest first. */
export async function openItems(store: Store): Promise<OpenItem[]> {
  return (await mailboxes(store))
    .flatMap((actor) =>
      Object.values(contextOf(actor).inbox).map((item) => ({ agent: actor.state.id, ...item })),
    )
    .toSorted((a, b) => a.at - b.at)
    .map((item) => ({ ...item, at: isoTime(item.at) }))
}

/** Brings the cards in force to every mailbox that goes by others: whom it asks and tells is who they name. */
export async function bringCards(store: Store, host: ActorHost, directory: Directory): Promise<void> {
  for (const actor of await mailboxes(store)) {
    const { id } = actor.state
    const card = cardFacts(directory, id)
    if (directory.get(id) !== undefined && !goesBy(contextOf(actor), card))
      await host.command(id, { type: 'card.changed', card })
  }
}
