import type { AccountRow, AccountStore, SignInLink } from './account-store.ts'
import type { TokenRow } from './store.ts'

/** Accounts in memory, beside the tokens that act for them. */
export function memoryAccounts(now: () => number, tokens: ReadonlyMap<string, TokenRow>): AccountStore {
  const accounts: (AccountRow & { label: string })[] = []
  const links = new Map<string, SignInLink & { expiresAt: number }>()
  let single: string | null = null
  const rowOf = (found: (AccountRow & { label: string }) | undefined): AccountRow | null => {
    if (found === undefined) return null
    const { id, kind, issuer, subject, display, createdAt, createdBy } = found
    return { id, kind, issuer, subject, display, createdAt, createdBy }
  }
  const isAlone = (id: string): boolean => {
    const persons = accounts.filter(({ kind }) => kind === 'person')
    return persons.length === 1 && persons[0]!.id === id
  }
  return {
    async add(account) {
      const taken = accounts.some(
        (one) =>
          one.label === account.label || (one.issuer === account.issuer && one.subject === account.subject),
      )
      if (taken) return null
      accounts.push({ ...account, createdAt: now() })
      return rowOf(accounts.at(-1))
    },
    find: async (id) => rowOf(accounts.find((one) => one.id === id)),
    findSubject: async (issuer, subject) =>
      rowOf(accounts.find((one) => one.issuer === issuer && one.subject === subject)),
    findLabel: async (label) => rowOf(accounts.find((one) => one.label === label)),
    list: async () => accounts.map((one) => rowOf(one)!),
    async claimToken(id, account) {
      const row = [...tokens.values()].find((token) => token.id === id && token.account === null)
      if (row !== undefined) row.account = account
      return row !== undefined
    },
    async addLink({ hash, lifeMs, ...link }) {
      for (const [old, { expiresAt }] of links) if (expiresAt <= now()) links.delete(old)
      links.set(hash, { ...link, expiresAt: now() + lifeMs })
    },
    async useLink(hash) {
      const found = links.get(hash)
      links.delete(hash)
      if (found === undefined || found.expiresAt <= now()) return null
      const { account, holder, createdBy } = found
      return { account, holder, createdBy }
    },
    async setSingleOperator(account) {
      if (account !== null && !isAlone(account)) return false
      single = account
      return true
    },
    singleOperator: async () => (single !== null && isAlone(single) ? single : null),
  }
}
