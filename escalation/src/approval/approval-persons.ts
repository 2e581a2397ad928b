import { HOME_ISSUER, type Identity, identityIn, isRelated, type Json } from '@esa/protocol'
import type { ApprovalContext, ApprovalRefusal, Given } from './approval-context.ts'

/** Persons whom only the holder of the home vouches for count from this age on: the holder sees them for a day before, ms. */
const HOME_AGE_MS = 24 * 3_600_000

/** What a single operator approves can be used from here on: by then every channel has announced it, ms. */
const ALONE_FROM_MS = 10 * 60_000

/** ... until here, after which it has lapsed, ms. */
const ALONE_LIFE_MS = 25 * 60_000

/** Persons that a destructive statement takes. */
const PERSONS = 2

/** True when two persons have approved, or the only one there is. What a playbook says counts for neither. */
export function isEnough(given: Given[]): boolean {
  const persons = given.filter(({ who }) => who !== undefined)
  return persons.length >= PERSONS || persons.some(({ who }) => who?.alone === true)
}

/** Until when what was given may be used, ms: what counts lapses with its oldest part. */
export function lapsesAt({ kind, askedAt }: ApprovalContext, given: Given[], lifeMs: number): number {
  const persons = given.filter(({ who }) => who !== undefined)
  const byPersons = kind === 'destructive' && askedAt !== undefined && persons.length > 0
  if (byPersons && isAlone(persons)) return persons[0]!.at + ALONE_LIFE_MS
  return Math.min(...(byPersons ? persons : given).map(({ at }) => at)) + lifeMs
}

/** True while what a single operator approved has to wait. */
export function isTooEarly({ kind, given }: ApprovalContext, at: number): boolean {
  if (kind !== 'destructive' || !isAlone(given)) return false
  return given.some(({ who, at: givenAt }) => who?.alone === true && at < givenAt + ALONE_FROM_MS)
}

function isAlone(given: Given[]): boolean {
  const persons = given.filter(({ who }) => who !== undefined)
  return persons.length < PERSONS && persons.some(({ who }) => who?.alone === true)
}

/**
 * The reason why the word of this account does not count, or null. It is a person's, older than the request, and neither the
 * requester's nor another approver's, nor made by one of them. Accounts are compared, never names.
 */
export function accountRefusal(
  { who: asker = null, askersWho = [], askedAt = 0, given }: ApprovalContext,
  { who: value, at }: { who?: Json; at: number },
): ApprovalRefusal | null {
  const who = identityIn(value)
  if (who === null) return 'approval.without-token'
  if (who.kind !== 'person') return 'approval.not-a-person'
  if (!who.alone && [asker, ...askersWho].some((one) => one !== null && isRelated(one, who)))
    return 'approval.own-request'
  if (youngPart(who, askedAt, at) !== null) return 'approval.too-young'
  return given.some((one) => one.who !== undefined && isRelated(one.who, who)) ? 'approval.twice' : null
}

/** What is too young for this account's word to count: the account, its sign-in, or an account of the home by its age; else null. */
export function youngPart(
  { issuer, alone, accountAt, tokenAt }: Identity,
  askedAt: number,
  at: number,
): 'account' | 'sign-in' | 'home-account' | null {
  if (accountAt >= askedAt) return 'account'
  if (issuer === HOME_ISSUER && !alone && at - accountAt < HOME_AGE_MS) return 'home-account'
  return tokenAt >= askedAt ? 'sign-in' : null
}
