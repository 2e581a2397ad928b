import { ulidSchema } from '@esa/protocol'
import type { Feed, FeedLine } from '../feed.ts'

/** Names each resource that changes from now on: the timeline of an incident, or the inbox of an agent. Returns what ends that. */
export function tellResources(feed: Feed, tell: (uri: string) => void): () => void {
  let at = feed.position
  return feed.follow(() => {
    const lines = feed.after(at)
    // A reader of every batch is never so far behind that the log itself has to be read.
    at = feed.position
    if (Array.isArray(lines)) for (const uri of new Set(lines.map(uriOf))) tell(uri)
  })
}

function uriOf({ stream }: FeedLine): string {
  const isIncident = ulidSchema.safeParse(stream).success
  return isIncident ? `esa://incidents/${stream}/timeline` : `esa://agents/${stream}/inbox`
}
