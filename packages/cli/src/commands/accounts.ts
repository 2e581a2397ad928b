import { requireAgent } from '@esa/operations'
import {
  accountDocument,
  accountForSubject,
  beSingleOperator,
  claimToken as claim,
  endSingleOperator,
  homePerson,
  listAccounts as list,
  oneOperator,
  redeemLink,
  signInLink,
} from '@esa/operations/accounts'
import { isLoopback } from '@esa/pg-server'
import { EsaError, HOME_ISSUER, isoTime, nameLabel } from '@esa/protocol'
import { identityOf, type Store, type TokenRow, verifyToken } from '@esa/store'
import { type Config, USUAL_PORT } from '../config.ts'
import { osUser } from '../flags.ts'
import { answer, columns, note } from '../output.ts'
import { inStore, lookInStore } from '../store-access.ts'
import { inWorld } from '../world.ts'

/** Options of `esa accounts add`. */
export interface AccountFlags {
  as: string
}

/** Options of `esa login`. */
export interface LoginFlags {
  singleOperator?: boolean
}

/** Makes a home person, or finds the one of this very name, and a link that signs them in. @throws EsaError `account.*`, `auth.*` (terminal). */
export async function addAccount(config: Config, name: string, { as }: AccountFlags): Promise<void> {
  await inWorld(config, async (world) => {
    const { store, databaseUrl } = world
    requireHost(config, databaseUrl)
    if (as !== 'operator') requireAgent(world, as)
    const createdBy = await maker(config, store)
    const { account, made } = await homePerson(store, name, createdBy)
    const secret = await signInLink(store, { account, as, createdBy })
    const link = linkOf(baseOf(config), secret)
    if (!config.json) {
      note(`${made ? 'made' : 'found'} the account of ${name}, vouched for by the holder of the home`)
      if (made) note('it counts for approvals when it is 24 h old')
      note('the link signs in once, within 15 minutes, in a browser or by esa login LINK:')
    }
    answer(config, { account: accountDocument(account), made, link }, () => link)
  })
}

/** Lists accounts, the oldest first. */
export async function listAccounts(config: Config): Promise<void> {
  await lookInStore(config, async (store) => {
    const found = await list(store)
    const { accounts, singleOperator } = found
    answer(config, found, () => {
      if (accounts.length === 0) return 'no accounts'
      const rows = accounts.map((one) => [
        one.id,
        one.name,
        one.id === singleOperator ? 'person (one operator)' : one.kind,
        one.vouchedBy ?? '-',
        one.createdAt,
      ])
      return columns([['ACCOUNT', 'NAME', 'KIND', 'VOUCHED FOR BY', 'SINCE'], ...rows])
    })
  })
}

/** Gives a token of before there were accounts to a person. @throws EsaError `account.unknown`, `token.unknown`, `auth.*` (terminal). */
export async function claimToken(config: Config, token: string, name: string): Promise<void> {
  await inStore(config, async (store, databaseUrl) => {
    requireHost(config, databaseUrl)
    const account = await claim(store, token, name)
    answer(config, { token, account }, () => `token ${token} is ${account.name}’s`)
  })
}

/** Signs in by a link, or switches the mode for one operator on or off. @throws EsaError `auth.*`, `account.*`, `usage.login` (terminal). */
export async function login(config: Config, link: string | undefined, flags: LoginFlags): Promise<void> {
  await inStore(config, async (store, databaseUrl) => {
    if (flags.singleOperator !== undefined) requireHost(config, databaseUrl)
    if (flags.singleOperator === false) {
      const ended = await endSingleOperator(store)
      answer(config, { ended, singleOperator: false }, () =>
        ended ? 'what may lose data takes two persons again' : 'the mode for one operator was off',
      )
      return
    }
    if (flags.singleOperator === true) {
      const account = await beSingleOperator(store)
      answer(
        config,
        { account, singleOperator: true },
        () =>
          `one operator: ${account.name}. What may lose data takes their approval alone, 10 minutes before it runs`,
      )
      return
    }
    const { token, row } = await signedIn(config, store, link)
    if (!config.json) note(`signed in as ${row.person} until ${isoTime(row.expiresAt)}; for ESA_TOKEN:`)
    const said = { token, id: row.id, as: row.holder, person: row.person, expiresAt: isoTime(row.expiresAt) }
    answer(config, said, () => token)
  })
}

/** By a link, else at the identity provider where there is one. @throws EsaError `usage.login` (terminal) where there is none. */
async function signedIn(
  { signIn }: Config,
  store: Store,
  link: string | undefined,
): Promise<{ token: string; row: TokenRow }> {
  if (link !== undefined) return await redeemLink(store, link.split('/').at(-1)!)
  if (signIn !== null) return await (await import('../sign-in.ts')).signInOnTerminal(signIn, store)
  throw new EsaError('usage.login', 'terminal', 'esa login takes a link, or --single-operator', {
    hint: 'on the host: esa accounts add NAME; or name an identity provider in ESA_OIDC_ISSUER',
  })
}

/**
 * A link for the first lines of `esa up`: for the user of this machine, or for the one operator, whose mode a second account
 * would end with each start. Null where a provider vouches for that operator: the home signs in its own persons alone.
 */
export async function ownLink(store: Store, url: string): Promise<string | null> {
  const display = osUser()
  const operator = await oneOperator(store)
  if (operator !== null && operator.issuer !== HOME_ISSUER) return null
  const account =
    operator ??
    (await accountForSubject(store, { issuer: HOME_ISSUER, subject: nameLabel(display), display }))
  return linkOf(url, await signInLink(store, { account, as: 'operator', createdBy: null }))
}

/** Persons are made where the database is, or with its owner's URL in hand: never over HTTP. */
function requireHost({ ownerUrl }: Config, databaseUrl: string): void {
  if (isLoopback(databaseUrl) || ownerUrl !== null) return
  throw new EsaError('auth.host-only', 'terminal', 'accounts are made on the host of the runtime', {
    hint: 'on the machine of the database, or where ESA_OWNER_URL is set',
  })
}

/** The account that makes another one: of the token that is set, which is none of the holder's of the home. */
async function maker({ token }: Config, store: Store): Promise<string | null> {
  return token === null ? null : (await identityOf(store, await verifyToken(store, token, 'admin'))).account
}

function baseOf({ publicUrl, port }: Config): string {
  return publicUrl ?? `http://localhost:${port === null || port === 0 ? USUAL_PORT : port}`
}

function linkOf(base: string, secret: string): string {
  return `${base.replace(/\/$/, '')}/sign-in/${secret}`
}
