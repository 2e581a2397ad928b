import { createRoute, z } from '@hono/zod-openapi'
import { listNotes, requireIncident, writeNote } from '@esa/operations'
import { NOTE_MAX } from '@esa/protocol'
import { answers, jsonBody, operation, routes } from '../api.ts'
import { instant } from '../documents.ts'
import { idParam } from '../parameters.ts'

const noteSchema = z
  .object({
    id: z.string(),
    incidentId: z.string(),
    at: instant,
    as: z.string(),
    by: z.string(),
    text: z.string(),
  })
  .openapi('Note')

const list = createRoute({
  method: 'get',
  path: '/{id}/notes',
  ...operation('incidents:read', 'incidents', 'listNotes'),
  summary: 'What people and agents wrote about an incident, the oldest first; its newest 200',
  request: { params: idParam },
  responses: answers(z.object({ notes: z.array(noteSchema) }), 'Notes'),
})

const write = createRoute({
  method: 'post',
  path: '/{id}/notes',
  ...operation('incidents:ack', 'incidents', 'writeNote'),
  summary: 'Write a note about an incident, open or not: it changes nothing and notifies no one',
  request: {
    params: idParam,
    body: jsonBody(
      z.strictObject({
        as: z.string().default('operator').openapi({ description: 'In whose name: an agent, or operator' }),
        text: z.string().openapi({ maxLength: NOTE_MAX }),
      }),
    ),
  },
  responses: answers(noteSchema, 'The note'),
})

/** `/incidents/ID/notes`. */
export const noteRoutes = routes()
  .openapi(list, async (context) => {
    const { store } = context.var.world
    const { id } = await requireIncident(store, context.req.valid('param').id)
    return context.json({ notes: await listNotes(store, id) }, 200)
  })
  .openapi(write, async (context) =>
    context.json(
      await writeNote(context.var.world, context.req.valid('param').id, context.req.valid('json')),
      200,
    ),
  )
