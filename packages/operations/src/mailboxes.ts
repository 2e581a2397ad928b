import { type AgentContext, cardFacts, goesBy, type InboxItem } from '@esa/behavior'
import type { Directory } from '@esa/org'
import { isoTime } from '@esa/protocol'
import type { LockedActor } from '@esa/store'
import type { World } from './world.ts'

/** Something that waits in an agent's inbox. */
export type OpenItem = Omit<InboxItem, 'at'> & { agent: string; at: string }

/** Where the mailboxes are, and which actors are some. */
export type Mailboxes = Pick<World, 'store' | 'behaviors'>

/** Every agent that has had a message. */
export async function mailboxes({ store, behaviors }: Mailboxes): Promise<LockedActor[]> {
  return (await Promise.all(behaviors.types.map((type) => store.listActors({ type })))).flat()
}

/** What an agent carries. */
export function contextOf({ state }: Pick<LockedActor, 'state'>): AgentContext {
  const { context }: { context: unknown } = state.snapshot
  return context as AgentContext
}

/** What waits in the inboxes, oldest first. */
export async function openItems(world: Mailboxes): Promise<OpenItem[]> {
  return (await mailboxes(world))
    .flatMap((actor) =>
      Object.values(contextOf(actor).inbox).map((item) => ({ agent: actor.state.id, ...item })),
    )
    .toSorted((a, b) => a.at - b.at)
    .map((item) => ({ ...item, at: isoTime(item.at) }))
}

/** Brings the cards in force to every mailbox that goes by others: whom it asks and tells is who they name. */
export async function bringCards(
  world: Mailboxes & Pick<World, 'host'>,
  directory: Directory,
): Promise<void> {
  for (const actor of await mailboxes(world)) {
    const { id } = actor.state
    const card = cardFacts(directory, id)
    if (directory.get(id) !== undefined && !goesBy(contextOf(actor), card))
      await world.host.command(id, { type: 'card.changed', card })
  }
}
