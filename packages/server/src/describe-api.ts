import { OpenAPIHono } from '@hono/zod-openapi'
import { SCOPES } from '@esa/protocol'
import type { ApiEnv } from './api.ts'
import { answeringRoutes } from './api-routes.ts'

type Document = ReturnType<OpenAPIHono<ApiEnv>['getOpenAPI31Document']>
type PathItem = NonNullable<Document['paths']>[string]
type Operation = NonNullable<PathItem['get']>

const PREFIX = '/api/v1'

const INFO = {
  title: 'ESA runtime',
  version: '1',
  description:
    'What operators and other systems ask of an ESA runtime. Times that end in At are ISO 8601 UTC with milliseconds, durations are integer milliseconds. Every refusal is application/problem+json (RFC 9457) with a stable `code`.',
  license: { name: 'MIT', identifier: 'MIT' },
}

const TAGS: Record<string, string> = {
  agents: 'Agents, what they do now, and questions to them',
  approvals: 'Statements that wait to be approved',
  databases: 'The databases that Layer 1 looks after',
  events: 'The log of all streams',
  inbox: 'What waits for an answer',
  incidents: 'What went wrong, and who holds it',
  org: 'The whole organization at one instant',
  people: 'Who is on call, and how they are reached',
  runtime: 'What runs, and what waits on its queues',
  silences: 'What opens without telling anybody',
  simulations: 'The real rules on a virtual clock',
  tasks: 'Messages of the organization',
  timers: 'Every armed deadline',
  tokens: 'Who may ask, for what, until when',
  webhooks: 'Channels by which notices leave, and what was tried',
}

/** What a refusal means, by its status. */
const REFUSALS: Record<number, string> = {
  400: 'The request is not what this takes',
  401: 'It takes a token, and this one is missing, unknown, revoked or expired',
  403: 'The token is for something else, or for another agent',
  404: 'There is no such thing',
  409: 'Not in its current state',
  412: 'It moved on from what If-Match or Idempotency-Key named',
  413: 'The body is too large',
  429: 'Too many requests; Retry-After says when to come back',
  501: 'This server was started without what this takes',
  503: 'The database does not answer',
}

/** Every request may meet these; 404 one that names something, and what changes something the rest. */
const ALWAYS = [400, 401, 403, 429, 501, 503]
const OF_CHANGES = [409, 412, 413]

/** The API as OpenAPI 3.1 has it: the same routes that answer, with what they refuse. Source: https://spec.openapis.org/oas/v3.1.0. */
export function describeApi(): Document {
  const app = new OpenAPIHono<ApiEnv>().route(PREFIX, answeringRoutes())
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '/', description: 'This runtime' }],
    tags: [],
  })
  const paths = Object.entries(document.paths ?? {}).map(([path, item]): [string, PathItem] => [
    path,
    described(path, item),
  ])
  const used = new Set(paths.flatMap(([, item]) => operationsOf(item).flatMap(([, { tags = [] }]) => tags)))
  return {
    ...document,
    tags: [...used].toSorted().map((name) => ({ name, description: TAGS[name] ?? name })),
    paths: { ...Object.fromEntries(paths), [`${PREFIX}/stream`]: STREAM },
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, Problem: PROBLEM },
      responses: Object.fromEntries(
        Object.entries(REFUSALS).map(([status, description]) => [
          `Problem${status}`,
          {
            description,
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        ]),
      ),
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
      securitySchemes: { token: TOKEN },
    },
  }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

function operationsOf(item: PathItem): [(typeof METHODS)[number], Operation][] {
  return METHODS.flatMap((method): [(typeof METHODS)[number], Operation][] => {
    const operation = item[method]
    return operation === undefined ? [] : [[method, operation]]
  })
}

function described(path: string, item: PathItem): PathItem {
  const operations = operationsOf(item).map(([method, operation]) => {
    const changes = method !== 'get'
    const statuses = [...ALWAYS, ...(path.includes('{') ? [404] : []), ...(changes ? OF_CHANGES : [])]
    const refusals = Object.fromEntries(
      statuses.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
    )
    const key = { $ref: '#/components/parameters/IdempotencyKey' }
    const parameters = [...(operation.parameters ?? []), ...(changes ? [key] : [])]
    const more = parameters.length === 0 ? {} : { parameters }
    return [method, { ...operation, ...more, responses: { ...operation.responses, ...refusals } }]
  })
  return { ...item, ...Object.fromEntries(operations) } as PathItem
}

const TOKEN = {
  type: 'http',
  scheme: 'bearer',
  description: `A token of esa tokens create, with one of the scopes ${SCOPES.join(', ')}; a wider one holds the narrower ones. A server that is bound to its own machine alone takes requests without one.`,
} as const

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Any text of the caller’s: sent again with the same one, a request is answered and not done again',
  schema: { type: 'string' },
} as const

const PROBLEM: NonNullable<NonNullable<Document['components']>['schemas']>[string] = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is the matter, for people' },
    code: { type: 'string', description: 'What is the matter, for machines: dotted and stable' },
    hint: { type: 'string', description: 'What to do about it' },
    details: { type: 'object' },
  },
}

/** Server-sent events never end, so that no schema of an answer is checked for them. */
const STREAM: PathItem = {
  get: {
    tags: ['events'],
    operationId: 'followEvents',
    summary: 'The log of all streams as it grows, as server-sent events',
    description:
      'Each event has its position as id. A client that reconnects with Last-Event-ID gets all that it missed, from any server. `reset` says: reload everything.',
    security: [{ token: ['incidents:read'] }],
    parameters: [
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        description: 'The position up to which everything was seen',
        schema: { type: 'integer' },
      },
      {
        name: 'after',
        in: 'query',
        required: false,
        description: 'The same, for a client that cannot set headers',
        schema: { type: 'integer' },
      },
    ],
    responses: {
      200: { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      401: { $ref: '#/components/responses/Problem401' },
      403: { $ref: '#/components/responses/Problem403' },
    },
  },
}
