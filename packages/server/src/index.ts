export type { Api } from './edge.ts'
export type { Binding, ServerPorts } from './ports.ts'
export { type RunningServer, startServer } from './serve.ts'
