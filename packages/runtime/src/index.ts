export { ActorHost, type ActorHostOptions, type OpenRequest } from './actor-host.ts'
export { Registry, type Registrations } from './registry.ts'
export { type Told } from './step-draft.ts'
export { type RunningWorker, startWorker, type WorkerAlarm, type WorkerOptions } from './worker.ts'
