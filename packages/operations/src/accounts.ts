import {
  EsaError,
  HOME_ISSUER,
  isAccountName,
  isoTime,
  nameLabel,
  newId,
  requireAccountName,
  type Scope,
} from '@esa/protocol'
import { type AccountRow, linkHash, mintLink, mintToken, type Store, type TokenRow } from '@esa/store'
import { random, storeNow } from './world.ts'

/** How long a link waits to be opened: it is read out or pasted at once, ms. */
const LINK_LIFE_MS = 15 * 60_000

/** How long a person is signed in: a working day, ms. */
export const SIGN_IN_LIFE_MS = 12 * 3_600_000

/** The issuer of services: accounts of tokens that a runtime makes. */
const RUNTIME_ISSUER = 'runtime'

/** Names tried for a person whose name is taken; a provider with more of one name has another problem. */
const NUMBERED_MAX = 1_000

/** An account as it is shown. `vouchedBy` is who says that this is a person; null of a service. */
export interface AccountDocument {
  id: string
  name: string
  kind: AccountRow['kind']
  issuer: string
  vouchedBy: string | null
  createdAt: string
  createdBy: string | null
}

/** A person whom the holder of the home vouches for. @throws EsaError `usage.person`, `account.name-taken` (terminal). */
export async function homePerson(
  store: Store,
  name: string,
  createdBy: string | null,
): Promise<{ account: AccountRow; made: boolean }> {
  requireAccountName(name)
  const found = await store.accounts.findLabel(nameLabel(name))
  if (found?.display === name && found.issuer === HOME_ISSUER) return { account: found, made: false }
  const label = nameLabel(name)
  const row = await addAccount(store, {
    kind: 'person',
    issuer: HOME_ISSUER,
    subject: label,
    display: name,
    createdBy,
  })
  if (row === null) throw nameTaken(name, await store.accounts.findLabel(label))
  return { account: row, made: true }
}

/**
 * The person whom an issuer knows by a subject, made at the first sign-in. The display name is a label: one that another
 * account has gets a number.
 */
export async function accountForSubject(
  store: Store,
  { issuer, subject, display }: { issuer: string; subject: string; display: string },
): Promise<AccountRow> {
  const name = isAccountName(display) ? display : 'person'
  for (let nth = 1; nth <= NUMBERED_MAX; nth++) {
    const found = await store.accounts.findSubject(issuer, subject)
    if (found !== null) return found
    const numbered = nth === 1 ? name : `${name} ${nth}`
    const row = await addAccount(store, {
      kind: 'person',
      issuer,
      subject,
      display: numbered,
      createdBy: null,
    })
    if (row !== null) return row
  }
  throw nameTaken(display, null)
}

/**
 * The account of a service by its name; the same name is the same service.
 * @throws EsaError `usage.person`, `account.name-taken` (terminal): it is a person's, or looks like another one.
 */
export async function serviceAccount(
  store: Store,
  name: string,
  createdBy: string | null,
): Promise<AccountRow> {
  requireAccountName(name)
  const label = nameLabel(name)
  const found =
    (await store.accounts.findLabel(label)) ??
    (await addAccount(store, {
      kind: 'service',
      issuer: RUNTIME_ISSUER,
      subject: label,
      display: name,
      createdBy,
    })) ??
    (await store.accounts.findLabel(label))
  if (found?.kind === 'service' && found.display === name) return found
  throw nameTaken(name, found)
}

/** A token of an account: its secret is in this answer and nowhere else. */
export async function issueToken(
  store: Store,
  {
    account,
    as = 'operator',
    scopes,
    lifeMs,
    mintedBy = null,
  }: { account: AccountRow; as?: string; scopes: Scope[]; lifeMs: number; mintedBy?: string | null },
): Promise<{ token: string; row: TokenRow }> {
  const { token, hash } = mintToken()
  const id = newId(await storeNow(store), random)
  const about = { id, holder: as, person: account.display, scopes, createdBy: account.display }
  const row = await store.addToken({ ...about, hash, lifeMs, account: account.id, mintedBy })
  return { token, row }
}

/** The secret of a link that signs an account in, once, within 15 minutes. */
export async function signInLink(
  store: Store,
  { account, as, createdBy }: { account: { id: string }; as: string; createdBy: string | null },
): Promise<string> {
  const { secret, hash } = mintLink()
  await store.accounts.addLink({ hash, account: account.id, holder: as, createdBy, lifeMs: LINK_LIFE_MS })
  return secret
}

/** Uses a link up: a token of its account for a working day. @throws EsaError `auth.link` (terminal). */
export async function redeemLink(
  store: Store,
  secret: string,
): Promise<{ token: string; row: TokenRow; account: AccountRow }> {
  const link = await store.accounts.useLink(linkHash(secret))
  const account = link === null ? null : await store.accounts.find(link.account)
  if (link === null || account === null) {
    throw new EsaError('auth.link', 'terminal', 'this link was used, has expired or is unknown', {
      hint: 'make another on the machine of the runtime: esa accounts add NAME',
    })
  }
  const how = {
    as: link.holder,
    scopes: ['admin' as const],
    lifeMs: SIGN_IN_LIFE_MS,
    mintedBy: link.createdBy,
  }
  return { account, ...(await issueToken(store, { account, ...how })) }
}

/** Gives a token of before there were accounts to a person. @throws EsaError `account.unknown`, `token.unknown` (terminal). */
export async function claimToken(store: Store, token: string, name: string): Promise<AccountDocument> {
  const account = await store.accounts.findLabel(nameLabel(name))
  if (account === null || account.kind !== 'person') {
    throw new EsaError('account.unknown', 'terminal', `there is no person "${name}"`, {
      hint: 'esa accounts ls',
    })
  }
  if (await store.accounts.claimToken(token, account.id)) return accountDocument(account)
  throw new EsaError('token.unknown', 'terminal', `there is no token "${token}" without an account`, {
    hint: 'esa tokens ls',
  })
}

/** Every account, the oldest first, and the single operator where there is one. */
export async function listAccounts(
  store: Store,
): Promise<{ accounts: AccountDocument[]; singleOperator: string | null }> {
  const [rows, singleOperator] = await Promise.all([store.accounts.list(), store.accounts.singleOperator()])
  return { accounts: rows.map(accountDocument), singleOperator }
}

/** Switches the mode for one operator on. @throws EsaError `account.not-alone` (terminal) while there is another person. */
export async function beSingleOperator(store: Store): Promise<AccountDocument> {
  const persons = (await store.accounts.list()).filter(({ kind }) => kind === 'person')
  const [person] = persons
  if (person === undefined) {
    throw new EsaError('account.unknown', 'terminal', 'no person has an account yet', {
      hint: 'esa accounts add NAME',
    })
  }
  if (await store.accounts.setSingleOperator(person.id)) return accountDocument(person)
  throw new EsaError('account.not-alone', 'terminal', `${persons.length} persons have accounts`, {
    hint: 'two persons approve: esa accounts ls',
  })
}

/** Ends the mode for one operator: what may lose data takes two persons again. False when it was off. */
export async function endSingleOperator(store: Store): Promise<boolean> {
  const was = await store.accounts.singleOperator()
  await store.accounts.setSingleOperator(null)
  return was !== null
}

/** The person who approves alone; null while two persons approve. */
export async function oneOperator(store: Store): Promise<AccountDocument | null> {
  const id = await store.accounts.singleOperator()
  const account = id === null ? null : await store.accounts.find(id)
  return account === null ? null : accountDocument(account)
}

/** An account as it is shown. */
export function accountDocument({
  id,
  display,
  kind,
  issuer,
  createdAt,
  createdBy,
}: AccountRow): AccountDocument {
  const vouched = issuer === HOME_ISSUER ? 'the holder of the home' : issuer
  const vouchedBy = kind === 'person' ? vouched : null
  return { id, name: display, kind, issuer, vouchedBy, createdAt: isoTime(createdAt), createdBy }
}

async function addAccount(
  store: Store,
  account: Omit<AccountRow, 'id' | 'createdAt'>,
): Promise<AccountRow | null> {
  const id = newId(await storeNow(store), random)
  return await store.accounts.add({ ...account, id, label: nameLabel(account.display) })
}

function nameTaken(name: string, by: AccountRow | null): EsaError {
  const what = by === null ? 'another account' : `the ${by.kind} "${by.display}"`
  return new EsaError('account.name-taken', 'terminal', `"${name}" reads like ${what}`, {
    hint: 'take another name: esa accounts ls',
  })
}
