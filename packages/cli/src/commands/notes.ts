import type { Note } from '@esa/escalation'
import { listNotes as list, requireIncident, writeNote as write } from '@esa/operations'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { lookInStore } from '../store-access.ts'
import { inWorld } from '../world.ts'

/** Writes a note about an incident. */
export async function writeNote(
  config: Config,
  id: string,
  { as = 'operator', text }: { as?: string; text: string },
): Promise<void> {
  await inWorld(config, async (world) => {
    const note = await write(world, id, { as, text })
    answer(config, note, () => line(note))
  })
}

/** Shows what was written about an incident, the oldest first. */
export async function listNotes(config: Config, id: string): Promise<void> {
  await lookInStore(config, async (store) => {
    await requireIncident(store, id)
    const notes = await list(store, id)
    answer(config, { notes }, () => (notes.length === 0 ? 'no notes' : notes.map(line).join('\n')))
  })
}

function line({ at, as, by, text }: Note): string {
  return `${colours.dim(at)}  ${as} (${by})  ${text}`
}
