import type { EdgeStore, KeptRequest } from './edge-store.ts'
import type { TokenRow } from './store.ts'
import { copyJson, keyName } from './memory-tables.ts'

type RequestRow = Omit<KeptRequest, 'ageMs'> & { caller: string; at: number; expiresAt: number }

/** What the HTTP edge keeps, in memory, and the token id of a session's hash. */
export function memoryEdge(
  now: () => number,
  tokens: ReadonlyMap<string, TokenRow>,
): EdgeStore & { tokenOfSession(hash: string): string | undefined } {
  const sessions = new Map<string, { token: string; expiresAt: number }>()
  const requests = new Map<string, RequestRow>()
  const tokenOfSession = (hash: string): string | undefined => {
    const session = sessions.get(hash)
    return session !== undefined && now() < session.expiresAt ? session.token : undefined
  }
  return {
    tokenOfSession,
    async validSecrets(hashes) {
      return hashes.filter((hash) => {
        const id = tokenOfSession(hash)
        const token = tokens.get(hash) ?? [...tokens.values()].find((row) => row.id === id)
        return token !== undefined && token.revokedAt === null && now() < token.expiresAt
      })
    },
    async addSession({ hash, token, lifeMs }) {
      for (const [old, { expiresAt }] of sessions) if (expiresAt <= now()) sessions.delete(old)
      sessions.set(hash, { token, expiresAt: now() + lifeMs })
    },
    async endSession(hash) {
      sessions.delete(hash)
    },
    async claimRequest({ caller, key, digest, keepMs, most }) {
      const at = now()
      for (const [old, { expiresAt }] of requests) if (expiresAt <= at) requests.delete(old)
      const kept = requests.get(keyName(caller, key))
      if (kept !== undefined)
        return { digest: kept.digest, ageMs: at - kept.at, answer: copyJson(kept.answer) }
      requests.set(keyName(caller, key), { caller, digest, at, expiresAt: at + keepMs, answer: null })
      // A map has what was set first, first.
      const own = [...requests].filter(([, row]) => row.caller === caller)
      for (const [old] of own.slice(0, -most)) requests.delete(old)
      return null
    },
    async answerRequest(caller, key, answer) {
      const kept = requests.get(keyName(caller, key))
      if (kept !== undefined) kept.answer = copyJson(answer)
    },
    async releaseRequest(caller, key) {
      if (requests.get(keyName(caller, key))?.answer === null) requests.delete(keyName(caller, key))
    },
  }
}
