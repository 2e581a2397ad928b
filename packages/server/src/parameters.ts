import { z } from '@hono/zod-openapi'

/** The `{id}` of a path. */
export const idParam = z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) })

/** Whether to list only what is open, or everything: absent means no. */
export const flag = z.stringbool().optional()
