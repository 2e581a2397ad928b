import { z } from '@hono/zod-openapi'
import { EsaError } from '@esa/protocol'

/** What a page of the console shows at once, and more than that. */
const LIMIT_USUAL = 200

/** Largest page: some megabytes of JSON, and one read of the store. */
const LIMIT_MAX = 1_000

/** What the query of every list takes. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_USUAL),
  cursor: z.string().max(300).optional().openapi({ description: 'The `next` of the page before' }),
}

/** What every list answers beside its items: null on the last page. */
export const nextSchema = z.string().nullable()

/** Where the next page of a list begins, in words that only we read. */
export function cursorTo(list: string, last: string | null): string | null {
  return last === null ? null : Buffer.from(JSON.stringify([list, last])).toString('base64url')
}

/** The id after which a page begins. @throws EsaError `request.invalid` (terminal) when the cursor is not one of this list. */
export function cursorOf(list: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const parsed = read.safeParse(cursor)
  if (parsed.success && parsed.data[0] === list) return parsed.data[1]
  throw new EsaError('request.invalid', 'terminal', 'this cursor is not of this list', {
    hint: 'begin again without one',
  })
}

const read = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown
    } catch {
      context.addIssue('no cursor')
      return z.NEVER
    }
  })
  .pipe(z.tuple([z.string(), z.string()]))
