import type { Command } from 'commander'
import type { Config } from '../config.ts'

/** What a group of commands needs: where to add them, and the configuration of the call at hand. */
export interface Commands {
  program: Command
  /** The configuration that this command's flags and the environment give. */
  config: (command: Command) => Config
  /** When the process began, on the monotonic clock, ms. */
  began: number
}
