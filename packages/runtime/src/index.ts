export { ActorHost, type ActorHostOptions, type OpenRequest } from './actor-host.ts'
export { dispatch } from './dispatcher.ts'
export { inspectRedis, type RedisFacts } from './inspect-redis.ts'
export { Registry, type Registrations } from './registry.ts'
export { Sleeper } from './sleeper.ts'
export { QUEUES } from './queues.ts'
export { type Outgoing, type Told } from './step-draft.ts'
export type { Span, SpanStart, Tracing } from './tracing.ts'
export { type Pace, type Sleep, type Sleeping } from './pace.ts'
export {
  type Bell,
  type RunningWorker,
  startWorker,
  startWorkerOn,
  type WorkerAlarm,
  type WorkerOptions,
} from './worker.ts'
