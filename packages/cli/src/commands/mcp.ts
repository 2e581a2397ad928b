import { isLoopback } from '@esa/pg-server'
import { serveMcpOverStdio } from '@esa/server'
import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { osUser } from '../flags.ts'
import { RUNBOOK_FILE } from '../project-root.ts'
import { serverTools } from '../server-tools.ts'
import { workerLog } from '../worker-log.ts'
import { inWorld } from '../world.ts'

/**
 * Serves MCP to the client that started this process, in the name of ESA_TOKEN or of the machine's user, until stdin ends.
 * Nothing but the protocol goes to stdout. @throws EsaError `usage.mcp` (terminal) without `--stdio`.
 */
export async function mcp(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { stdio = false }: { stdio?: boolean },
): Promise<void> {
  if (!stdio) {
    throw new EsaError('usage.mcp', 'terminal', 'say --stdio: a client starts this and speaks with it', {
      hint: 'over HTTP a running esa up serves MCP at /mcp',
    })
  }
  await inWorld(config, async (world) => {
    const binding = { host: '127.0.0.1', port: 0, loopback: isLoopback(world.databaseUrl) }
    const log = workerLog(config.logLevel)
    const tools = await serverTools(config, environment, world)
    const ports = { world, binding, localUser: osUser(), tools, runbook: RUNBOOK_FILE, page: null, log }
    await serveMcpOverStdio(ports, config.token)
  })
}
