export { connectPool, type PoolOptions } from './connect-pool.ts'
export { describeUrl, hasSessions, isHosted, isLoopback, isPooler, withDatabase } from './database-url.ts'
export { createDatabase, createLogin, dropDatabase } from './databases.ts'
export {
  type EmbeddedServer,
  embeddedServerStatus,
  type EmbeddedServerStatus,
  ensureEmbeddedServer,
  stopEmbeddedServer,
} from './embedded-server.ts'
export { withHomeLock } from './home-lock.ts'
export { mapPgError } from './map-pg-error.ts'
export { type Confinement, confinementHere, SANDBOX_UID } from './sandbox-confinement.ts'
export { ensureSandbox, SANDBOX_ADMIN, type SandboxServer, stopSandbox } from './sandbox-server.ts'
