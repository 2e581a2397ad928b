import type { AgentExtension } from '@a2a-js/sdk'

/** The name of the extension: a task of it says in its metadata, under this key, which tier it waits for. */
export const ESCALATION_EXTENSION = 'urn:esa:a2a:escalation:v1'

/** What a task waits for. `deadline` is an instant, ISO 8601; after it the next tier is notified. */
export interface Waiting {
  tier: string | null
  waitingFor: string[]
  heldBy: string | null
  deadline: string | null
}

/** The extension as a card declares it. */
export const escalationExtension: AgentExtension = {
  uri: ESCALATION_EXTENSION,
  description:
    'A task that waits for people says for which tier (peer, domain, chief, ceo), for whom, and until when. After the deadline the next tier is notified. A data part {"type": "incident.open", "category", "title"} opens an incident; {"type": "acknowledge" | "decline" | "resolve" | "escalate" | ...} with its taskId commands it.',
  required: false,
  params: undefined,
}

/** The metadata of a task that waits. */
export function waitingMetadata(waiting: Waiting): Record<string, unknown> {
  return { [ESCALATION_EXTENSION]: waiting }
}
