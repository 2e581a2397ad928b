import { z } from '@hono/zod-openapi'
import {
  type CallToolResult,
  fromJsonSchema,
  McpServer,
  type StandardSchemaWithJSON,
} from '@modelcontextprotocol/server'
import { assertPayloadFits, EsaError, isEsaError } from '@esa/protocol'
import type { Desk } from './desk.ts'
import { databaseTools } from './database-tools.ts'
import { inboxTools } from './inbox-tools.ts'
import { incidentTools } from './incident-tools.ts'
import { organizationTools } from './organization-tools.ts'
import { addPrompts } from './prompts.ts'
import { addResources } from './resources.ts'
import { type McpTool, UNTRUSTED } from './tool.ts'

/** Every tool of the server. */
const MCP_TOOLS: readonly McpTool[] = [
  ...incidentTools,
  ...inboxTools,
  ...organizationTools,
  ...databaseTools,
]

/** How the names of tools for databases begin. */
const DATABASE_TOOL = 'databases_'

/** What a tool takes and answers, as clients read it; made once, for every request has a server of its own. */
const SCHEMAS = new Map(
  MCP_TOOLS.map(({ name, input, output }) => {
    const answer = z.object({ note: z.string(), data: output })
    return [name, { takes: unchecked(schemaOf(input)), answers: schemaOf(answer) }]
  }),
)

/** More keys than these may come with time, so none is forbidden. */
function schemaOf(schema: z.ZodType): StandardSchemaWithJSON {
  return fromJsonSchema<object>(z.toJSONSchema(schema, { io: 'input' }) as object)
}

/** Whether an input fits is found out where a tool is called, so that it is refused like anything else. */
function unchecked({ '~standard': standard }: StandardSchemaWithJSON): StandardSchemaWithJSON {
  return { '~standard': { ...standard, validate: (value) => ({ value }) } }
}

const INSTRUCTIONS = `Incidents of this organization escalate by the clock: the notified agents answer before the deadline, or the next level is notified. ${UNTRUSTED}`

/** An MCP server for one client (or one of its requests): it holds nothing between two calls, all that is true is in the store. */
export function mcpServer(desk: Desk): McpServer {
  const server = new McpServer(
    { name: 'esa', version: '1' },
    { instructions: INSTRUCTIONS, capabilities: { resources: { subscribe: true } } },
  )
  for (const one of MCP_TOOLS) if (isOffered(desk, one)) register(server, desk, one)
  addResources(server, desk)
  addPrompts(server, desk)
  return server
}

/** What works on databases is offered where a plugin looks after some. */
function isOffered({ ports: { tools } }: Desk, { name }: McpTool): boolean {
  return tools?.databases !== null || !name.startsWith(DATABASE_TOOL)
}

function register(server: McpServer, desk: Desk, one: McpTool): void {
  const { name, title, description, scope, effect } = one
  const { takes, answers } = SCHEMAS.get(name)!
  server.registerTool(
    name,
    {
      title,
      description: `${description} Takes the scope ${scope}.`,
      inputSchema: takes,
      outputSchema: answers,
      annotations: {
        title,
        readOnlyHint: effect.kind === 'reads',
        destructiveHint: effect.kind === 'ends',
        idempotentHint: effect.kind === 'reads' || effect.again === true,
        openWorldHint: false,
      },
      _meta: { 'esa/scope': scope },
    },
    async (given: unknown) => answerOf(desk, one, given),
  )
}

async function answerOf(desk: Desk, one: McpTool, given: unknown): Promise<CallToolResult> {
  try {
    await desk.admit(one.scope)
    assertPayloadFits(given)
    const input = one.input.safeParse(inWordsOfToday(given ?? {}, one.renamed))
    if (!input.success) throw new EsaError('usage.input', 'terminal', z.prettifyError(input.error))
    const data = await one.run(desk, input.data)
    const text = (value: string) => ({ type: 'text' as const, text: value })
    return {
      content: [text(UNTRUSTED), text(JSON.stringify(data))],
      structuredContent: { note: UNTRUSTED, data },
    }
  } catch (error) {
    return refusal(error, desk)
  }
}

function inWordsOfToday(given: unknown, renamed: Record<string, string> = {}): unknown {
  if (given === null || typeof given !== 'object') return given
  const named = Object.entries(given).map(([key, value]) => {
    const today = Object.hasOwn(renamed, key) ? renamed[key]! : key
    return [Object.hasOwn(given, today) ? key : today, value]
  })
  return Object.fromEntries(named) as unknown
}

/** A failed call is an answer that a model can act on: what, why and how to go on. A bug of ours is logged, and reported without details. */
function refusal(error: unknown, { ports }: Desk): CallToolResult {
  const known = isEsaError(error)
    ? error
    : new EsaError('server.bug', 'bug', 'the server failed; its log says how', { cause: error })
  if (known.kind === 'bug') ports.log.error({ err: error, code: known.code }, 'tool failed')
  const { code, message, hint, details } = known
  const told = { code, message, ...(hint === undefined ? {} : { hint }), details }
  return { isError: true, content: [{ type: 'text', text: JSON.stringify(told) }] }
}
