import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
} from '@modelcontextprotocol/server'
import { timeline } from '@esa/escalation'
import {
  agentDocument,
  listIncidents,
  listInbox,
  requireIncident,
  requireStream,
  unknownAgent,
} from '@esa/operations'
import { isEsaError, type Scope } from '@esa/protocol'
import type { Desk } from './desk.ts'
import { UNTRUSTED } from './tool.ts'

/** Open incidents whose timelines are listed. */
const LISTED_MAX = 100

/** A resource as it is read. */
interface Content {
  uri: string
  mimeType: string
  text: string
}

/** An agent's card: its facts, and its text where the server can read it. */
export async function cardContent(desk: Desk, id: string): Promise<Content> {
  await desk.admit('agents:read')
  const agent = desk.world.directory.get(id)
  if (agent === undefined) throw unknownAgent(id)
  const { tools } = desk.ports
  const file = agent.card?.file
  // The facts are what the runtime goes by; the text says it in its author's words.
  const markdown = tools === undefined || file === undefined ? null : await tools.readCard(file)
  return content(`esa://agents/${agent.id}`, { ...agentDocument(agent), markdown })
}

/** What waits in an agent's inbox. @throws EsaError `agent.unknown`, `auth.*` (terminal). */
export async function inboxContent(desk: Desk, id: string): Promise<Content> {
  await desk.admit('incidents:read')
  const items = await listInbox(desk.world, id)
  return content(`esa://agents/${id}/inbox`, { agent: id, items })
}

/** An incident with what happened to it, in order. */
export async function timelineContent(desk: Desk, id: string): Promise<Content> {
  await desk.admit('incidents:read')
  const { store, databaseUrl } = desk.world
  const incident = await requireIncident(store, id)
  const { events } = await requireStream(store, databaseUrl, id)
  return content(`esa://incidents/${incident.id}/timeline`, { incident, events: timeline(events) })
}

/** Something as a document of JSON, with the note beside all data. */
export function content(uri: string, data: unknown): Content {
  return { uri, mimeType: 'application/json', text: JSON.stringify({ note: UNTRUSTED, data }) }
}

/** Offers cards, timelines and, where there is one, the runbook. */
export function addResources(server: McpServer, desk: Desk): void {
  const { directory, store } = desk.world
  const ids = directory.all().map(({ id }) => id)
  server.registerResource(
    'card',
    new ResourceTemplate('esa://agents/{id}', {
      list: () => refusing(desk, 'agents:read', () => ({ resources: directory.all().map(cardLink) })),
      complete: { id: (value) => ids.filter((id) => id.startsWith(value)) },
    }),
    { title: 'Card of an agent', mimeType: 'application/json' },
    async (_uri, { id }) => told(async () => ({ contents: [await cardContent(desk, String(id))] })),
  )
  server.registerResource(
    'timeline',
    new ResourceTemplate('esa://incidents/{id}/timeline', {
      list: () =>
        refusing(desk, 'incidents:read', async () => {
          const open = await listIncidents(store, { open: true })
          return { resources: open.slice(0, LISTED_MAX).map(({ id }) => timelineLink(id)) }
        }),
    }),
    { title: 'Timeline of an incident', mimeType: 'application/json' },
    async (_uri, { id }) => told(async () => ({ contents: [await timelineContent(desk, String(id))] })),
  )
  server.registerResource(
    'inbox',
    new ResourceTemplate('esa://agents/{id}/inbox', { list: undefined }),
    { title: 'Inbox of an agent', mimeType: 'application/json' },
    async (_uri, { id }) => told(async () => ({ contents: [await inboxContent(desk, String(id))] })),
  )
  const { runbook } = desk.ports
  if (runbook === undefined || !existsSync(runbook)) return
  server.registerResource(
    'runbook',
    'esa://runbook',
    { title: 'Runbook', description: 'What to do when an alert fires.', mimeType: 'text/markdown' },
    async ({ href }) =>
      refusing(desk, 'agents:read', async () => ({
        contents: [{ uri: href, mimeType: 'text/markdown', text: await readFile(runbook, 'utf8') }],
      })),
  )
}

function cardLink({ id, name }: { id: string; name: string }) {
  return { uri: `esa://agents/${id}`, name: id, title: name, mimeType: 'application/json' }
}

function timelineLink(id: string) {
  return { uri: `esa://incidents/${id}/timeline`, name: id, mimeType: 'application/json' }
}

/** Does what takes a scope, for a caller that has it. */
function refusing<T>(desk: Desk, scope: Scope, work: () => Promise<T> | T): Promise<T> {
  return told(async () => {
    await desk.admit(scope)
    return await work()
  })
}

/** A failure is reported as the protocol defines, with code and hint. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isEsaError(error) || error.kind === 'bug') throw error
    const { code, message, hint } = error
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${code}: ${message}`, { code, hint })
  }
}
