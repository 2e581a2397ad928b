/** What a token may be for. A wider one holds the narrower ones below it. Source: docs/security.md. */
export const SCOPES = [
  'agents:read',
  'incidents:read',
  'incidents:ack',
  'incidents:write',
  'db:read',
  'db:plan',
  'db:apply',
  'admin',
] as const
export type Scope = (typeof SCOPES)[number]

/** What each scope holds besides itself. */
const HOLDS: Partial<Record<Scope, readonly Scope[]>> = {
  'incidents:ack': ['incidents:read'],
  'incidents:write': ['incidents:ack', 'incidents:read'],
  'db:plan': ['db:read'],
  'db:apply': ['db:plan', 'db:read'],
  admin: SCOPES,
}

/**
 * The scopes that a message or an activity acts with: those of the caller who caused it. Null is every scope: it was
 * caused by the clock, or by a user of the host.
 */
export type Scopes = readonly Scope[] | null

/** Whether these scopes hold a scope, by themselves or through a wider one. */
export function covers(held: Scopes, wanted: Scope): boolean {
  return held === null || held.some((scope) => scope === wanted || HOLDS[scope]?.includes(wanted) === true)
}

/** The scopes that both hold: what a message may act with that has two causes. */
export function commonScopes(one: Scopes, other: Scopes): Scopes {
  if (one === null) return other
  return other === null ? one : SCOPES.filter((scope) => covers(one, scope) && covers(other, scope))
}

/** Scopes as JSON keeps them: an unknown one is dropped, and anything but a list is every scope. */
export function scopesOf(value: unknown): Scopes {
  return Array.isArray(value) ? SCOPES.filter((scope) => value.includes(scope)) : null
}
