/** Who acts: a person counts when something is approved, a service acts and never counts. */
export interface AccountRow {
  id: string
  kind: 'person' | 'service'
  /** Who vouches for it: the URL of an OpenID provider, `home` (the holder of the home's files) or `runtime` (a service). */
  issuer: string
  /** The issuer's own name for it, which never changes. */
  subject: string
  /** A label for people. Nothing is decided by it. */
  display: string
  createdAt: number
  /** The account that made it; null: the holder of the home, or a provider. */
  createdBy: string | null
}

/** An account to be kept. `label` is its display name as it is compared: no two accounts have the same. */
export type NewAccount = Omit<AccountRow, 'createdAt'> & { label: string }

/** A link that signs its account in, once. `createdBy` is the account that made it, null for the holder of the home. */
export interface SignInLink {
  account: string
  /** In whose name the token acts that comes out of it. */
  holder: string
  createdBy: string | null
}

/** What the store keeps of accounts. */
export interface AccountStore {
  /** Keeps an account; null when its label, or its subject with this issuer, is taken. */
  add(account: NewAccount): Promise<AccountRow | null>
  find(id: string): Promise<AccountRow | null>
  findSubject(issuer: string, subject: string): Promise<AccountRow | null>
  findLabel(label: string): Promise<AccountRow | null>
  /** Every account, the oldest first. */
  list(): Promise<AccountRow[]>
  /** Gives a token of before there were accounts to one; false when it has one, or there is no such token. */
  claimToken(token: string, account: string): Promise<boolean>
  /** Keeps a link by the SHA-256 of its secret; it expires `lifeMs` after the store's now. Expired ones go. */
  addLink(link: SignInLink & { hash: string; lifeMs: number }): Promise<void>
  /** Uses a link up, once, of two that try at once by one; null when it is unknown, used or expired. */
  useLink(hash: string): Promise<SignInLink | null>
  /** Makes a person the single operator; false while there is not exactly one person, who is that one. Null ends it. */
  setSingleOperator(account: string | null): Promise<boolean>
  /** The single operator; null when there is none, or a second person has an account by now. */
  singleOperator(): Promise<string | null>
}
