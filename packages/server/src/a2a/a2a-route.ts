import {
  A2A_VERSION_HEADER,
  AGENT_CARD_PATH,
  AgentCard,
  Extensions,
  formatSSEErrorEvent,
  formatSSEEvent,
  HTTP_EXTENSION_HEADER,
  SSE_HEADERS,
} from '@a2a-js/sdk'
import { UnsupportedOperationError } from '@a2a-js/sdk/errors'
import { JsonRpcTransportHandler, ServerCallContext, validateVersion } from '@a2a-js/sdk/server'
import { requireAgent } from '@esa/operations'
import { assertPayloadFits, CEO_ID, EsaError } from '@esa/protocol'
import { z } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import { stream } from 'hono/streaming'
import { hostOf } from '../guards/trusted-host.ts'
import type { Feed } from '../feed.ts'
import { deskOf } from '../mcp/desk.ts'
import type { ServerPorts } from '../ports.ts'
import { tokenOf } from '../request-caller.ts'
import { agentCard } from './agent-card.ts'
import { AgentHandler } from './agent-handler.ts'

/** Streams of one server at once: each holds a socket, and reads its task again when something happens. */
const STREAMS_MAX = 200

type Answer = Awaited<ReturnType<JsonRpcTransportHandler['handle']>>
type Events = Extract<Answer, AsyncGenerator>

/**
 * `/a2a/AGENT` speaks A2A 1.0 by JSON-RPC, and has the agent's card at its well-known place; the card at the server's own
 * well-known place is that of the CEO, and `/a2a` lists all.
 */
export function a2aRoutes(ports: ServerPorts, feed: Feed): Hono {
  const card = async (context: Context, id: string) => {
    const desk = deskOf(ports, tokenOf(context, ports.binding), { feed })
    await desk.admit('agents:read')
    return context.json(AgentCard.toJSON(agentCard(desk.world, id, baseOf(ports, context))) as object)
  }
  let streams = 0
  return new Hono()
    .get(`/${AGENT_CARD_PATH}`, (context) => card(context, CEO_ID))
    .get('/a2a', async (context) => {
      const desk = deskOf(ports, tokenOf(context, ports.binding), { feed })
      await desk.admit('agents:read')
      const base = baseOf(ports, context)
      const agents = desk.world.directory.all().map(({ id, name }) => ({
        id,
        name,
        card: `${base}/a2a/${id}/${AGENT_CARD_PATH}`,
      }))
      return context.json({ agents })
    })
    .get(`/a2a/:agent/${AGENT_CARD_PATH}`, (context) => card(context, context.req.param('agent')))
    .post('/a2a/:agent', async (context) => {
      const agent = context.req.param('agent')
      const token = tokenOf(context, ports.binding)
      const desk = deskOf(ports, token, { feed })
      await desk.admitAny()
      requireAgent(desk.world, agent)
      const gone = new AbortController()
      const followed = feed.tokens.follow(token)
      const signal = AbortSignal.any([gone.signal, followed.over])
      const place = { desk, agent, base: baseOf(ports, context), signal }
      const handler = new AgentHandler(place)
      const body = await bodyOf(context)
      if (!isRequest(body)) return context.json(NO_REQUEST)
      const call = callOf(context)
      const transport = new JsonRpcTransportHandler(handler)
      try {
        validateVersion(call.requestedVersion, await handler.getAgentCard(), 'JSONRPC')
        const answer = await transport.handle(body, call)
        const activated = call.activatedExtensions
        if (activated !== undefined)
          context.header(HTTP_EXTENSION_HEADER, Extensions.toServiceParameter(activated))
        if (!isStream(answer)) {
          followed.end()
          return context.json(answer)
        }
        if (streams >= STREAMS_MAX)
          throw new UnsupportedOperationError('request.busy: too many streams are open')
        streams += 1
        return await streamed(context, body, answer, {
          gone: () => gone.abort(),
          admit: () => desk.admitAny(),
          ended() {
            streams -= 1
            followed.end()
          },
        })
      } catch (error) {
        followed.end()
        return context.json(failed(body, error))
      }
    })
}

/** Where this server is reached, as its cards say it. */
function baseOf({ binding }: ServerPorts, context: Context): string {
  return binding.publicUrl ?? `http://${hostOf(context)}`
}

function callOf(context: Context): ServerCallContext {
  const version = context.req.header(A2A_VERSION_HEADER)
  return new ServerCallContext({
    requestedExtensions: Extensions.parseServiceParameter(context.req.header(HTTP_EXTENSION_HEADER)),
    ...(version === undefined ? {} : { requestedVersion: version }),
  })
}

async function bodyOf(context: Context): Promise<unknown> {
  if (!/^application\/(?:a2a\+)?json\s*(?:;|$)/i.test(context.req.header('content-type') ?? ''))
    throw new EsaError('request.not-json', 'terminal', 'a body is JSON, and says so')
  const body = await context.req.json<unknown>().catch((cause: unknown) => {
    throw new EsaError('request.unreadable', 'terminal', 'the body is not JSON', { cause })
  })
  assertPayloadFits(body)
  return body
}

/** What JSON-RPC 2.0 calls a request. Batches are not part of A2A. */
const requestSchema = z.looseObject({
  jsonrpc: z.literal('2.0'),
  method: z.string().min(1),
  id: z.union([z.string(), z.int(), z.null()]).optional(),
})

/** The answer to anything else. Source: JSON-RPC 2.0, "Error object". */
const NO_REQUEST = {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32_600, message: 'not a JSON-RPC request' },
}

function isRequest(body: unknown): body is Record<string, unknown> {
  return requestSchema.safeParse(body).success
}

function isStream(answer: Answer): answer is Events {
  return Symbol.asyncIterator in answer
}

function failed(body: Record<string, unknown>, error: unknown) {
  return { jsonrpc: '2.0', id: body['id'] ?? null, error: JsonRpcTransportHandler.mapToJSONRPCError(error) }
}

/** What fails before the first event is an answer like any other; later it is an event of its own. */
async function streamed(
  context: Context,
  body: Record<string, unknown>,
  events: Events,
  { gone, admit, ended }: { gone: () => void; admit: () => Promise<void>; ended: () => void },
): Promise<Response> {
  const first = await events.next().catch((error: unknown) => {
    ended()
    throw error
  })
  for (const [name, value] of Object.entries(SSE_HEADERS)) context.header(name, value)
  return stream(context, async (out) => {
    out.onAbort(gone)
    try {
      for (let next = first; next.done !== true; next = await events.next()) {
        await admit()
        await out.write(formatSSEEvent(next.value))
      }
    } catch (error) {
      await out.write(formatSSEErrorEvent(failed(body, error)))
    } finally {
      ended()
    }
  })
}
