import type { Config } from '../config.ts'
import { importedName, keepImported, streamsOf } from '../imported-streams.ts'
import { answer } from '../output.ts'

/** Brings exported streams into the home, to be looked at and nothing else. A file that breaks off leaves what came before. */
export async function importStreams(config: Config, file: string): Promise<void> {
  const imported: { id: string; name: string; type: string; events: number; head: string }[] = []
  for await (const stream of streamsOf(file)) {
    await keepImported(config.home, stream)
    const { id, type, events, head } = stream
    imported.push({ id, name: importedName(id), type, events: events.length, head })
  }
  answer(config, { file, imported }, () =>
    imported
      .map(({ name, type, events }) => `${type} of ${events} events: esa replay show ${name}`)
      .join('\n'),
  )
}
