import type { AccountRow, AccountStore, SignInLink } from './account-store.ts'
import { NOW } from './postgres-sql.ts'

type Ask = <Row>(text: string, values: unknown[]) => Promise<Row[]>

const ACCOUNT = `id, kind, issuer, subject, display, created_at as "createdAt", created_by as "createdBy"`

const ADD = `insert into esa.accounts (id, kind, issuer, subject, display, label, created_at, created_by)
  select $1, $2, $3, $4, $5, $6, ${NOW}, $7 on conflict do nothing returning ${ACCOUNT}`

const FIND = `select ${ACCOUNT} from esa.accounts where id = $1`

const FIND_SUBJECT = `select ${ACCOUNT} from esa.accounts where issuer = $1 and subject = $2`

const FIND_LABEL = `select ${ACCOUNT} from esa.accounts where label = $1`

const LIST = `select ${ACCOUNT} from esa.accounts order by created_at, id`

const CLAIM = `update esa.tokens set account = $2 where id = $1 and account is null returning id`

const ADD_LINK = `with n as (select ${NOW} as ms), old as (delete from esa.sign_in_links where expires_at <= (select ms from n))
  insert into esa.sign_in_links (hash, account, holder, created_by, created_at, expires_at)
  select $1, $2, $3, $4, ms, ms + $5::bigint from n`

const USE_LINK = `delete from esa.sign_in_links where hash = $1 and expires_at > ${NOW}
  returning account, holder, created_by as "createdBy"`

/** A single operator is the only person. */
const ALONE = `select id from esa.accounts where kind = 'person' and id = $1
  and (select count(*) from esa.accounts where kind = 'person') = 1`

const SET_SINGLE = `update esa.runtime set single_operator = $1 where $1::text is null or $1 in (${ALONE}) returning id`

const SINGLE = `select r.single_operator as id from esa.runtime r where r.single_operator in
  (${ALONE.replace('id = $1', 'id = r.single_operator')})`

/** Accounts on PostgreSQL. */
export function postgresAccounts(ask: Ask): AccountStore {
  const first = async <Row>(text: string, values: unknown[]): Promise<Row | null> =>
    (await ask<Row>(text, values))[0] ?? null
  return {
    add: ({ id, kind, issuer, subject, display, label, createdBy }) =>
      first<AccountRow>(ADD, [id, kind, issuer, subject, display, label, createdBy]),
    find: (id) => first<AccountRow>(FIND, [id]),
    findSubject: (issuer, subject) => first<AccountRow>(FIND_SUBJECT, [issuer, subject]),
    findLabel: (label) => first<AccountRow>(FIND_LABEL, [label]),
    list: () => ask<AccountRow>(LIST, []),
    claimToken: async (token, account) => (await ask(CLAIM, [token, account])).length > 0,
    addLink: async ({ hash, account, holder, createdBy, lifeMs }) =>
      void (await ask(ADD_LINK, [hash, account, holder, createdBy, lifeMs])),
    useLink: (hash) => first<SignInLink>(USE_LINK, [hash]),
    setSingleOperator: async (account) => (await ask(SET_SINGLE, [account])).length > 0,
    singleOperator: async () => (await first<{ id: string }>(SINGLE, []))?.id ?? null,
  }
}
