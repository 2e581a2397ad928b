export { isAccountName, nameLabel, personOf, requireAccountName, tokenedBy, tokenIdOf } from './acting.ts'
export { HOME_ISSUER, type Identity, identityIn, isRelated } from './identity.ts'
export {
  type Announced,
  ANNOUNCED,
  type Announcement,
  channelNameSchema,
  type ChannelSpec,
  channelSpecSchema,
  isOfPagerduty,
  PAGERDUTY_HOSTS,
} from './channel-spec.ts'
export { cut } from './cut.ts'
export { digestJson, digestText, statementHash } from './digest.ts'
export { formatDuration, parseDuration } from './durations.ts'
export {
  assertPayloadFits,
  type Envelope,
  parseEnvelope,
  type Priority,
  prioritySchema,
  RESPONSE_TARGET_MS,
} from './envelope.ts'
export { type CommandSpec } from './command-spec.ts'
export { type ErrorKind, type ErrorOptions, EsaError, isEsaError } from './errors.ts'
export { AGENT_KINDS, type AgentId, type AgentKind, agentIdSchema, CEO_ID, newId, ulidSchema } from './ids.ts'
export { HOLD_MAX_MS, NOTE_MAX, SNOOZE_MAX_MS } from './incident-limits.ts'
export { createIndexSql, type IndexNames, indexNamesSchema, quoteIdentifier } from './index-order.ts'
export { type OpenIncident, openIncidentSchema } from './open-incident.ts'
export { isoTime, parseInstant } from './instants.ts'
export { canonicalJson, sameJson, type Json, type JsonObject, textOf, unstorableUnit } from './json.ts'
export { CATEGORIES, type Category, categorySchema, type Level, LEVELS, levelSchema } from './ladder-words.ts'
export { ANSWERABLE, bodySchemas, type MessageType } from './message-bodies.ts'
export { commonScopes, covers, type Scope, type Scopes, SCOPES, scopesOf } from './scopes.ts'
export { CONFLICT_PEERS_MS, type Escalating, type Situation, WHEN_TO_ESCALATE } from './when-to-escalate.ts'
