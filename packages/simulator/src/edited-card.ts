import { buildDirectory, type Directory } from '@esa/org'

/** The organization after an edit of a card: its waits are longer or shorter. */
export function editedCard(directory: Directory, agent: string, times: number): Directory {
  const cards = directory.cards().map((card) =>
    card.id === agent
      ? {
          ...card,
          cardHash: `${card.cardHash.slice(0, 56)}${times}`,
          escalation: card.escalation.map((rung) => ({
            ...rung,
            waitMs: rung.waitMs === null ? null : Math.round(rung.waitMs * times),
          })),
        }
      : card,
  )
  return buildDirectory(cards)
}
