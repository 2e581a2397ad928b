import { isEsaError } from '@esa/protocol'
import { type Binding, type RunningServer, startServer } from '@esa/server'
import { type Config, USUAL_PORT } from './config.ts'
import { buildConsole } from './build-console.ts'
import { osUser } from './flags.ts'
import { RUNBOOK_FILE } from './project-root.ts'
import { isPrivate } from './require-token.ts'
import { residenceOf } from './residence.ts'
import { serverTools } from './server-tools.ts'
import { signInPort } from './sign-in.ts'
import { worldState } from './store-access.ts'
import { workerLog } from './worker-log.ts'
import type { World } from './world.ts'

/** Serves the API and the console. @throws EsaError `server.*`, `auth.*` (terminal). */
export async function serve(
  config: Config,
  environment: NodeJS.ProcessEnv,
  world: World,
): Promise<RunningServer> {
  const { host, port, publicUrl, trustedProxies } = config
  const binding = {
    host,
    loopback: isPrivate(config),
    ...(publicUrl === null ? {} : { publicUrl }),
    ...(trustedProxies === null ? {} : { trustedProxies }),
  }
  const page = await buildConsole(config.home)
  const tools = await serverTools(config, environment, world)
  const start = (at: Binding): Promise<RunningServer> =>
    startServer({
      world,
      binding: at,
      localUser: osUser(),
      standing: async () => ({
        schema: await worldState(config, world.databaseUrl),
        atHome: (await residenceOf(config, world.databaseUrl)).atHome,
      }),
      tools,
      ...(config.signIn === null ? {} : { signIn: signInPort(config.signIn, world.store) }),
      page,
      runbook: RUNBOOK_FILE,
      ...(world.tracing === null ? {} : { tracing: world.tracing }),
      log: workerLog(config.logLevel, process.stderr, world.tracing),
    })
  if (port !== null) return await start({ ...binding, port })
  try {
    return await start({ ...binding, port: USUAL_PORT })
  } catch (error) {
    // A second runtime on this machine; one with a configured port gets that or none.
    if (!isEsaError(error, 'server.port-taken')) throw error
    return await start({ ...binding, port: 0 })
  }
}
