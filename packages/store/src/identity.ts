import type { Identity } from '@esa/protocol'
import type { AccountRow, AccountStore } from './account-store.ts'
import type { TokenRow } from './store.ts'

/** What is read of accounts to know who acts. */
type Accounts = Pick<AccountStore, 'find' | 'singleOperator'>

/** Longest chain of accounts that made one another: a longer one is a loop, written by hand. */
const LINE_MAX = 50

/** Who acts with a token, for what compares persons. A token of before there were accounts is a service by itself. */
export async function identityOf(store: { accounts: Accounts }, token: TokenRow): Promise<Identity> {
  const { accounts } = store
  const account = token.account === null ? null : await accounts.find(token.account)
  const self = account?.id ?? `token:${token.id}`
  const line = new Set([self])
  const own = account?.kind === 'person' ? [self] : await ownersOf(accounts, token.mintedBy, self)
  for (const from of [account?.createdBy ?? null, token.mintedBy])
    for (const one of await makersOf(accounts, from)) line.add(one.id)
  return {
    account: self,
    kind: account?.kind ?? 'service',
    issuer: account?.issuer ?? 'runtime',
    accountAt: account?.createdAt ?? token.createdAt,
    tokenAt: token.createdAt,
    line: [...line],
    own,
    alone: account?.kind === 'person' && (await accounts.singleOperator()) === account.id,
  }
}

/** A service acts for the account that made its token, up to the first person. */
async function ownersOf(accounts: Accounts, from: string | null, self: string): Promise<string[]> {
  const makers = await makersOf(accounts, from)
  const person = makers.findIndex(({ kind }) => kind === 'person')
  return [self, ...makers.slice(0, person === -1 ? makers.length : person + 1).map(({ id }) => id)]
}

/** An account and every account that it comes from, the nearest first. */
async function makersOf(accounts: Accounts, from: string | null): Promise<AccountRow[]> {
  const makers: AccountRow[] = []
  let next = from
  while (next !== null && makers.length < LINE_MAX) {
    const found = await accounts.find(next)
    if (found === null || makers.some(({ id }) => id === found.id)) break
    makers.push(found)
    next = found.createdBy
  }
  return makers
}
