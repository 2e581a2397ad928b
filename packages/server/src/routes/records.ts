import { createRoute, z } from '@hono/zod-openapi'
import { exportStream } from '@esa/operations'
import { verifyOne } from '@esa/operations/views'
import { answers, operation, routes } from '../api.ts'
import { idParam } from '../parameters.ts'

const verify = createRoute({
  method: 'get',
  path: '/{id}/verify',
  ...operation('incidents:read', 'incidents', 'verifyIncident'),
  summary: 'Run the recorded inputs again and walk the hash chain; reads only and sends nothing',
  request: { params: idParam },
  responses: answers(
    z
      .object({
        id: z.string(),
        seq: z.number().int(),
        head: z.string(),
        replay: z.enum(['identical', 'unchecked', 'diverged']),
        chain: z.enum(['unbroken', 'broken']),
        faults: z.array(z.object({ seq: z.number().int(), why: z.string() })),
      })
      .openapi('VerifiedStream'),
    'What was found, and the head to keep outside of the database',
  ),
})

/** How an exported stream is written, and what a browser names the file. */
const FORMATS = { jsonl: 'application/jsonl', md: 'text/markdown; charset=utf-8' } as const

const download = createRoute({
  method: 'get',
  path: '/{id}/export',
  ...operation('incidents:read', 'incidents', 'exportIncident'),
  summary: 'The whole log for machines (jsonl), or a post-mortem for people (md)',
  request: { params: idParam, query: z.object({ format: z.enum(['jsonl', 'md']).default('jsonl') }) },
  responses: {
    200: {
      description: 'The file',
      content: {
        'application/jsonl': { schema: z.string() },
        'text/markdown': { schema: z.string() },
      },
    },
  },
})

/** What was recorded of an incident, beside its timeline. */
export const recordRoutes = routes()
  .openapi(verify, async (context) =>
    context.json(await verifyOne(context.var.world, context.req.valid('param').id), 200),
  )
  .openapi(download, async (context) => {
    const { id } = context.req.valid('param')
    const { format } = context.req.valid('query')
    const { content } = await exportStream(context.var.world, id, format)
    return context.body(content, 200, {
      'content-type': FORMATS[format],
      'content-disposition': `attachment; filename="${id}.${format}"`,
    })
  })
