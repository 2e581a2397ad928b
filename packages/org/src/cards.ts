// What reads and writes the Markdown of a card. Its parser is loaded by those who need it, and not by every command.
export { type CardDraft, draftCard, kindOfId, nextIdOf } from './draft-card.ts'
export { parseCard } from './parse-card.ts'
