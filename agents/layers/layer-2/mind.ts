import { type JsonObject, textOf } from '@esa/protocol'
import {
  askBack,
  askFor,
  type Decision,
  decline,
  evidenceOf,
  handOn,
  isMeasured,
  type Mind,
  type Notice,
  objectOf,
  PEER_ANSWER_MS,
  pendingFor,
  receive,
  type Skill,
} from '@esa/behavior'

/** The task by which an endpoint gets tables and indexes that serve its queries. */
const SERVE = 'serve-endpoint'

/** Queries of one endpoint that are looked at: one that sends more is several endpoints. */
const QUERIES_MAX = 20

/** Takes an endpoint's query that pages by OFFSET, and answers with keyset paging on its sort columns. */
function playbook(notice: Notice): Decision {
  const { kind, endpoint, offset, sort } = evidenceOf(notice)
  const pages =
    kind === 'endpoint-query' && typeof offset === 'number' && Array.isArray(sort) && sort.length > 0
  if (notice.category !== 'integration' || !pages) {
    return { kind: 'cannot-decide', because: 'the evidence is not a paged query of an endpoint' }
  }
  const cause = `${textOf(endpoint)} pages by keyset on (${sort.map(textOf).join(', ')}) instead of OFFSET ${offset}`
  return {
    kind: 'resolve',
    because: 'an endpoint that skips rows by OFFSET is mine to change',
    cause,
  }
}

/** An endpoint is to be served: Layer 1 gets the queries that it really sends, and answers with measured plans. */
const task: Skill = (context, event) => {
  if (event['task'] !== SERVE) return receive(context, event)
  const data = objectOf(event['data'])
  const { endpoint, target, queries } = data
  const lacks = [
    ...(textOf(endpoint) === '' ? ['endpoint'] : []),
    ...(textOf(target) === '' ? ['target'] : []),
    ...(Array.isArray(queries) && queries.length > 0 ? [] : ['queries']),
  ]
  if (lacks.length > 0) return askBack(context, event, `data lacks ${lacks.join(' and ')}: which are they?`)
  if ((queries as unknown[]).length > QUERIES_MAX)
    return decline(event, `more than ${QUERIES_MAX} queries: split the endpoint`)
  return askFor(context, event, {
    to: 'layer-1',
    type: 'task_request',
    subject: `what serves ${textOf(endpoint)}?`,
    body: { task: SERVE, data: { endpoint, target, queries } },
    withinMs: PEER_ANSWER_MS,
  })
}

/** Layer 1 answered: the endpoint's owner gets the plans, with the changes for the interface. */
const completed: Skill = (context, event) => {
  const found = event['task'] === SERVE && isMeasured(event) ? pendingFor(context, event) : null
  if (found === null) return receive(context, event)
  const answer = objectOf(event['result'])
  const ok = answer['ok'] === true
  const result: JsonObject = ok
    ? {
        ...answer,
        endpoint: found.pending.data['endpoint'] ?? null,
        contract: contractOf(found.pending.data),
      }
    : { ok, why: answer['why'] ?? 'layer-1 could not look at it' }
  return handOn(context, event, found, result)
}

/** What the endpoint itself has to change, whatever indexes there are. */
function contractOf({ queries }: JsonObject): string[] {
  const texts = (Array.isArray(queries) ? queries : []).map((query) =>
    textOf(objectOf(query)['sql'] ?? query),
  )
  return [
    ...(texts.some((sql) => /\boffset\s+(?!0\b)/i.test(sql))
      ? ['page by keyset instead of OFFSET: page 1,000 costs what page 1 costs']
      : []),
    ...(texts.some(
      (sql) => /^\s*select\s/i.test(sql) && !/\blimit\b/i.test(sql) && !/\bcount\s*\(/i.test(sql),
    )
      ? ['set a LIMIT: an answer without end is nobody’s contract']
      : []),
  ]
}

/** Layer 2, API Structure: brings the queries that endpoints really send, and gets what serves them. */
export const layer2: Mind = {
  playbook,
  skills: { task_request: task, task_complete: completed },
  tasks: {
    [SERVE]: {
      about: 'indexes and schema for the queries of an endpoint, with measured plans from layer-1',
      words: ['endpoint', 'route', 'serve', 'paging', 'query', 'queries'],
      needs: ['endpoint', 'target', 'queries'],
    },
  },
}
