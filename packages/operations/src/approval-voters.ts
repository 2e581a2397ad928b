import type { ActorState } from '@esa/actor'
import { accountRefusalOf, type Approval, approvalContext, approvalView } from '@esa/escalation'
import { covers, formatDuration, type Identity, scopesOf } from '@esa/protocol'
import { type AccountRow, identityOf, type Store, type TokenRow } from '@esa/store'
import { accountDocument } from './accounts.ts'

/** Most persons that an approval names, those who may vote first: a card is read, and a company may have thousands. */
const VOTERS_MAX = 20

/** A person with an account, and whether their vote would count now. */
interface Voter {
  account: string
  name: string
  vouchedBy: string | null
  /** In which seats they are signed in. */
  seats: string[]
  /** Approves alone, in the mode for one operator. */
  oneOperator: boolean
  /** Why their vote would not count; null when it would. */
  refusal: string | null
}

/** An approval with the persons who may vote on it; once it is over, none. */
export interface ApprovalDocument extends Approval {
  voters: Voter[]
}

/** A person's valid sign-in that could vote, as an approval compares it. */
interface SignIn {
  seat: string
  identity: Identity
}

/** Approvals as they are shown: whom `whoMayVote` means is read from the accounts. */
export async function approvalDocuments(
  store: Store,
  states: readonly ActorState[],
): Promise<ApprovalDocument[]> {
  if (!states.some(isJudged)) return states.map((state) => ({ ...approvalView(state), voters: [] }))
  const [accounts, tokens, single, { nowMs }] = await Promise.all([
    store.accounts.list(),
    store.listTokens(),
    store.accounts.singleOperator(),
    store.runtime(),
  ])
  const persons = accounts.filter(({ kind }) => kind === 'person')
  const byId = new Map(accounts.map((account) => [account.id, account]))
  const known = {
    accounts: { find: async (id: string) => byId.get(id) ?? null, singleOperator: async () => single },
  }
  const signIns = new Map<string, SignIn[]>()
  for (const token of tokens.filter((one) => mayVote(one, nowMs))) {
    if (byId.get(token.account ?? '')?.kind !== 'person') continue
    const own = signIns.get(token.account!) ?? []
    signIns.set(token.account!, [...own, { seat: token.holder, identity: await identityOf(known, token) }])
  }
  return states.map((state) => {
    if (!isJudged(state)) return { ...approvalView(state), voters: [] }
    const voters = persons.map((person) => voterOf(state, person, signIns.get(person.id) ?? [], nowMs))
    return withVoters(approvalView(state), voters)
  })
}

/** A request of before there were accounts compares names: no account may be named for it. */
function isJudged(state: ActorState): boolean {
  return state.live && approvalContext(state).askedAt !== undefined
}

function mayVote({ revokedAt, expiresAt, scopes }: TokenRow, nowMs: number): boolean {
  return revokedAt === null && nowMs < expiresAt && covers(scopesOf(scopes), 'incidents:write')
}

function voterOf(state: ActorState, person: AccountRow, signedIn: readonly SignIn[], nowMs: number): Voter {
  const { approvers } = approvalContext(state)
  const { id: account, name, vouchedBy } = accountDocument(person)
  const seated = signedIn.filter(({ seat }) => seat === 'operator' || approvers.includes(seat))
  const counting = seated.filter(
    ({ identity }) => accountRefusalOf(state, { who: identity, at: nowMs }) === null,
  )
  const seats = [...new Set((counting.length > 0 ? counting : seated).map(({ seat }) => seat))]
  const oneOperator = seated.some(({ identity }) => identity.alone)
  const about = { account, name, vouchedBy, seats, oneOperator }
  if (counting.length > 0) return { ...about, refusal: null }
  const [first] = [...seated, ...signedIn]
  if (first === undefined)
    return { ...about, refusal: 'not signed in; a sign-in counts for requests made after it' }
  return { ...about, refusal: refusalWords(state, first.identity, nowMs) }
}

function refusalWords(state: ActorState, who: Identity, nowMs: number): string {
  const refusal = accountRefusalOf(state, { who, at: nowMs })
  switch (refusal?.young ?? refusal?.code) {
    case 'approval.own-request':
      return 'requested it, or its account is related to the requester’s'
    case 'approval.twice':
      return 'voted already, or its account is related to that of another approver'
    case 'account':
      return 'the account was made after the request'
    case 'home-account':
      return `the account is ${formatDuration(wholeMinutes(nowMs - who.accountAt))} old, and counts from one day on`
    case 'sign-in':
      return 'signed in after the request'
    default:
      return 'not signed in as one of its approvers'
  }
}

/** An age in words is good enough to the minute. */
function wholeMinutes(ms: number): number {
  return Math.floor(ms / 60_000) * 60_000
}

function withVoters(view: Approval, voters: Voter[]): ApprovalDocument {
  const [able, unable] = [
    voters.filter(({ refusal }) => refusal === null),
    voters.filter(({ refusal }) => refusal !== null),
  ]
  const alone = view.kind === 'destructive' ? able.find(({ oneOperator }) => oneOperator) : undefined
  const names = able.map(
    ({ name, seats, vouchedBy }) => `${name} as ${seats.join(' or ')} (vouched for by ${vouchedBy})`,
  )
  const now = names.length === 0 ? 'no person who is signed in' : names.slice(0, VOTERS_MAX).join(', ')
  return {
    ...view,
    ...(alone === undefined ? {} : { needed: 1 }),
    whoMayVote:
      alone === undefined
        ? `${view.whoMayVote}. Now: ${now}`
        : `one operator: ${alone.name} (vouched for by ${alone.vouchedBy}) approves alone; it runs from 10 to 25 minutes after that`,
    voters: [...able, ...unable].slice(0, VOTERS_MAX),
  }
}
