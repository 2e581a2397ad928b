import * as z from 'zod'

/**
 * Who acts, as an approval compares it. An edge reads it from the database, and it is recorded with what was done, so that a
 * replay sees what was known then. Instants are those of the store's clock, ms.
 */
const identitySchema = z.object({
  /** The account. Names are never compared. */
  account: z.string().min(1),
  kind: z.enum(['person', 'service']),
  issuer: z.string(),
  accountAt: z.int(),
  tokenAt: z.int(),
  /** The account and every account that made it, or its token, directly or not. */
  line: z.array(z.string()),
  /** Of these the account itself and those up to the person it acts for. */
  own: z.array(z.string()),
  /** The only person there is, in the mode for one operator. */
  alone: z.boolean(),
})
export type Identity = z.output<typeof identitySchema>

/** The issuer of persons whom only the holder of the home vouches for. */
export const HOME_ISSUER = 'home'

/** A recorded identity; null when it is none. */
export function identityIn(value: unknown): Identity | null {
  return identitySchema.safeParse(value).data ?? null
}

/** True when one of them could be, or could have made, the other: they count as one person. */
export function isRelated(one: Identity, other: Identity): boolean {
  return (
    one.account === other.account ||
    one.own.some((id) => other.line.includes(id)) ||
    other.own.some((id) => one.line.includes(id))
  )
}
