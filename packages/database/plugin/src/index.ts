import type { Plugin } from '@esa/operations/plugin'
import { addApprovalCommands } from './cli/authority-commands.ts'
import { addDatabaseCommands } from './cli/database-commands.ts'
import { addTargetCommands } from './cli/target-commands.ts'

/** The database toolkit: what looks after PostgreSQL databases by name, and Layer 1's hands. */
export const plugin: Plugin = {
  name: 'database',
  activities: async (ports) => (await import('./activities/activities.ts')).databaseActivities(ports),
  cli(program, context) {
    addDatabaseCommands(program, context)
    addTargetCommands(program, context)
    addApprovalCommands(program, context)
  },
  tools: async (ports) => ({ databases: (await import('./tools.ts')).databases(ports) }),
  checks: async (config, environment) =>
    (await import('./targets/target-checks.ts')).targetChecks(config, environment),
  demo: async (config, environment, keep) =>
    (await import('./demo/run-demo.ts')).runDemo(config, environment, keep),
}
