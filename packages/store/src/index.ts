export type { AccountRow, AccountStore } from './account-store.ts'
export { identityOf } from './identity.ts'
export { chainSteps, GENESIS_HEAD, recordedSteps, verifyChain } from './hash-chain.ts'
export type { MemoryGlance } from './memory-glance.ts'
export { createMemoryStore, type MemoryStoreOptions } from './memory-store.ts'
export { assertCurrent, migrate, type SchemaState, schemaState } from './migrate.ts'
export { type Place, type Residence, residence, settle } from './places.ts'
export type { ActorPageQuery } from './actor-page.ts'
export type { ChannelRow, Contact, DeliveryRow, PersonRow } from './notification-store.ts'
export { openPostgresStore, type PostgresStoreOptions } from './postgres-store.ts'
export { countRetirable, retire, retiredHead, retiredHeads } from './retention.ts'
export type { RetiredCounts, RetiredHead, StreamHead } from './retention.ts'
export { type LogGuard, logGuard, RUNTIME_RIGHTS } from './runtime-rights.ts'
export { hashOf, linkHash, mintLink, mintSession, mintToken, sessionSecret, verifyToken } from './tokens.ts'
export type {
  ActorFilter,
  ActorOutline,
  ActorWrite,
  ClaimedActivity,
  Commit,
  FactFilter,
  FeedEvent,
  KeptReading,
  Lane,
  LevelFact,
  LevelTally,
  LockedActor,
  MessageRow,
  NewActivity,
  NewMessage,
  QueueBacklog,
  Ring,
  StepWrite,
  Store,
  StoredEvent,
  StoreTx,
  TokenRow,
  WorkerBeat,
} from './store.ts'
