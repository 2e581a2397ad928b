export type { Api } from './api-routes.ts'
export { serveMcpOverStdio } from './mcp/serve-stdio.ts'
export type { Binding, ServerPorts } from './ports.ts'
export { type RunningServer, startServer } from './serve.ts'
