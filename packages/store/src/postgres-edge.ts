import type { Json } from '@esa/protocol'
import type { EdgeStore, KeptRequest } from './edge-store.ts'
import { NOW } from './postgres-sql.ts'

type Ask = <Row>(text: string, values: unknown[]) => Promise<Row[]>

/** Expired rows that one claim removes: more than it adds, and few enough to be no load. */
const SWEPT_MAX = 20

const ADD_SESSION = `with n as (select ${NOW} as ms), old as (delete from esa.sessions where expires_at <= (select ms from n))
  insert into esa.sessions (hash, token, created_at, expires_at) select $1, $2, ms, ms + $3::bigint from n`

const VALID = `select h as hash from unnest($1::text[]) as h where exists (
  select from esa.tokens t where t.revoked_at is null and t.expires_at > ${NOW}
    and (t.hash = h or t.id = (select s.token from esa.sessions s where s.hash = h and s.expires_at > ${NOW})))`

const END_SESSION = `delete from esa.sessions where hash = $1`

const CLAIM = `insert into esa.requests as r (caller, key, digest, at, expires_at)
  select $1, $2, $3, ms, ms + $4::bigint from (select ${NOW} as ms) n
  on conflict (caller, key) do update
    set digest = excluded.digest, at = excluded.at, expires_at = excluded.expires_at, answer = null
    where r.expires_at <= excluded.at
  returning key`

const KEPT = `select digest, ${NOW} - at as "ageMs", answer from esa.requests where caller = $1 and key = $2`

/** SKIP LOCKED: two that sweep at once must not wait for each other. */
const SWEEP = `delete from esa.requests where (caller, key) in
  (select caller, key from esa.requests where expires_at <= ${NOW} limit ${SWEPT_MAX} for update skip locked)`

/** What a caller claimed before its newest ones. */
const FORGET = `delete from esa.requests where (caller, key) in
  (select caller, key from esa.requests where caller = $1 and key in
    (select key from esa.requests where caller = $1 order by at desc, key offset $2)
   limit ${SWEPT_MAX} for update skip locked)`

const ANSWER = `update esa.requests set answer = $3 where caller = $1 and key = $2`

const RELEASE = `delete from esa.requests where caller = $1 and key = $2 and answer is null`

/** What the HTTP edge keeps, on PostgreSQL. */
export function postgresEdge(ask: Ask): EdgeStore {
  const run = async (text: string, values: unknown[]): Promise<void> => void (await ask(text, values))
  return {
    addSession: ({ hash, token, lifeMs }) => run(ADD_SESSION, [hash, token, lifeMs]),
    async validSecrets(hashes) {
      return (await ask<{ hash: string }>(VALID, [hashes])).map(({ hash }) => hash)
    },
    endSession: (hash) => run(END_SESSION, [hash]),
    async claimRequest({ caller, key, digest, keepMs, most }): Promise<KeptRequest | null> {
      await run(SWEEP, [])
      for (;;) {
        if ((await ask(CLAIM, [caller, key, digest, keepMs])).length > 0) {
          await run(FORGET, [caller, most])
          return null
        }
        const [kept] = await ask<KeptRequest>(KEPT, [caller, key])
        // One that was given back in between can be claimed.
        if (kept !== undefined) return kept
      }
    },
    answerRequest: (caller, key, answer: Json) => run(ANSWER, [caller, key, JSON.stringify(answer)]),
    releaseRequest: (caller, key) => run(RELEASE, [caller, key]),
  }
}
