import type { Scope } from '@esa/protocol'

/** Who may call a route: all callers, holders of a valid token, or holders of one with this scope or a wider one. */
export type Access = 'everybody' | 'any token' | Scope

/**
 * Who may call each route of the server, written down a second time: a route that is missing here, or behaves otherwise, is a red
 * test. Source: docs/api.md, "Who may call what".
 */
export const ACCESS: Record<string, Access> = {
  'ALL /mcp': 'any token',
  'GET /.well-known/agent-card.json': 'agents:read',
  'GET /a2a': 'agents:read',
  'GET /a2a/:agent/.well-known/agent-card.json': 'agents:read',
  'POST /a2a/:agent': 'any token',
  'GET /health': 'everybody',
  'GET /health/database': 'everybody',
  'GET /ready': 'everybody',
  'GET /metrics': 'agents:read',
  'GET /openapi.json': 'everybody',
  'GET /login': 'everybody',
  'POST /login': 'everybody',
  'GET /sign-in/:secret': 'everybody',
  'POST /sign-in/:secret': 'everybody',
  'POST /logout': 'everybody',
  'GET /api/v1/session': 'any token',
  // The secret in the path is what is required.
  'GET /ack/:secret': 'everybody',
  'POST /ack/:secret': 'everybody',

  'GET /api/v1/agents': 'agents:read',
  'GET /api/v1/agents/:id': 'agents:read',
  'GET /api/v1/agents/:id/card': 'agents:read',
  'GET /api/v1/statecharts/:id': 'agents:read',
  'GET /api/v1/org': 'agents:read',
  'POST /api/v1/simulations': 'agents:read',
  'POST /api/v1/agents/:id/ask': 'incidents:write',
  'POST /api/v1/agents/:id/seat': 'admin',
  'POST /api/v1/agents/:id/stop': 'admin',
  'POST /api/v1/agents/:id/resume': 'admin',

  'GET /api/v1/incidents': 'incidents:read',
  'GET /api/v1/incidents/:id': 'incidents:read',
  'GET /api/v1/incidents/:id/timeline': 'incidents:read',
  'GET /api/v1/incidents/:id/verify': 'incidents:read',
  'GET /api/v1/incidents/:id/export': 'incidents:read',
  'GET /api/v1/incidents/:id/notes': 'incidents:read',
  'POST /api/v1/incidents/:id/notes': 'incidents:ack',
  'POST /api/v1/incidents': 'incidents:write',
  'POST /api/v1/incidents/:id/ack': 'incidents:ack',
  'POST /api/v1/incidents/:id/decline': 'incidents:ack',
  'POST /api/v1/incidents/:id/reassign': 'incidents:write',
  'POST /api/v1/incidents/:id/snooze': 'incidents:write',
  'POST /api/v1/incidents/:id/suppress': 'incidents:write',
  'POST /api/v1/incidents/:id/unsuppress': 'incidents:write',
  'POST /api/v1/incidents/:id/raise': 'incidents:write',
  'POST /api/v1/incidents/:id/escalate': 'incidents:write',
  'POST /api/v1/incidents/:id/resolve': 'incidents:write',
  'POST /api/v1/incidents/:id/withdraw': 'incidents:write',
  'GET /api/v1/timers': 'incidents:read',
  'GET /api/v1/stream': 'incidents:read',
  'GET /api/v1/events': 'incidents:read',
  'GET /api/v1/status': 'incidents:read',
  'GET /api/v1/queues': 'incidents:read',

  'GET /api/v1/inbox': 'incidents:read',
  'POST /api/v1/inbox/:id/answer': 'incidents:write',
  'POST /api/v1/inbox/:id/approve': 'incidents:write',
  'POST /api/v1/inbox/:id/reject': 'incidents:write',
  'GET /api/v1/approvals': 'incidents:read',
  'GET /api/v1/approvals/:id': 'incidents:read',
  'POST /api/v1/approvals/:id/approve': 'incidents:write',
  'POST /api/v1/approvals/:id/reject': 'incidents:write',
  'POST /api/v1/approvals/:id/withdraw': 'incidents:write',
  'GET /api/v1/tasks': 'incidents:read',
  'GET /api/v1/tasks/:id': 'incidents:read',
  'GET /api/v1/threads/:id': 'incidents:read',
  'POST /api/v1/tasks': 'incidents:write',
  'GET /api/v1/silences': 'incidents:read',
  'POST /api/v1/silences': 'incidents:write',
  'POST /api/v1/silences/:id/end': 'incidents:write',

  'GET /api/v1/tokens': 'admin',
  'POST /api/v1/tokens': 'admin',
  'POST /api/v1/tokens/:id/revoke': 'admin',

  'GET /api/v1/people': 'admin',
  'POST /api/v1/people': 'admin',
  'POST /api/v1/people/remove': 'admin',
  'GET /api/v1/people/on-call': 'incidents:read',
  'POST /api/v1/people/override': 'admin',
  'POST /api/v1/people/override/end': 'admin',
  'GET /api/v1/webhooks': 'admin',
  'POST /api/v1/webhooks': 'admin',
  'GET /api/v1/webhooks/:name': 'admin',
  'POST /api/v1/webhooks/:name/remove': 'admin',
  'POST /api/v1/webhooks/:name/test': 'admin',
  'GET /api/v1/webhooks/:name/deliveries': 'admin',
  'POST /api/v1/webhooks/deliveries/:id/redeliver': 'admin',

  'GET /api/v1/db/targets': 'db:read',
  'GET /api/v1/db/targets/:name': 'db:read',
  'GET /api/v1/db/runs': 'db:read',
  'GET /api/v1/db/runs/:id': 'db:read',
  'POST /api/v1/db/targets/:name/measure': 'db:read',
  'POST /api/v1/db/targets/:name/check': 'db:read',
  'POST /api/v1/db/targets/:name/explain': 'db:read',
  'POST /api/v1/db/targets/:name/lint': 'db:plan',
  'POST /api/v1/db/targets/:name/advise': 'db:plan',
  'POST /api/v1/db/targets/:name/freeze': 'admin',
  'POST /api/v1/db/targets/:name/unfreeze': 'admin',
}

/** What a wider scope holds, written down a second time. Source: docs/security.md, "Tokens". */
const NARROWER: Partial<Record<Scope, Scope[]>> = {
  'incidents:ack': ['incidents:read'],
  'incidents:write': ['incidents:read', 'incidents:ack'],
  'db:plan': ['db:read'],
  'db:apply': ['db:read', 'db:plan'],
}

/** True when a token for `held` may call what takes `access`. */
export function covers(held: Scope, access: Access): boolean {
  if (access === 'everybody' || access === 'any token' || held === 'admin') return true
  return held === access || (NARROWER[held] ?? []).includes(access)
}

/** Paths with one handler for several words, by the words. */
export const WORDS: Record<string, string[]> = {
  ':command': [
    'ack',
    'decline',
    'reassign',
    'snooze',
    'suppress',
    'unsuppress',
    'raise',
    'escalate',
    'resolve',
    'withdraw',
  ],
  ':verb': ['approve', 'reject', 'withdraw'],
}
