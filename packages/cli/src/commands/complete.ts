import type { Command } from 'commander'
import { completionScript, type Shell } from '../completion.ts'
import { answer } from '../output.ts'

/** Prints a completion script for a shell. */
export function complete(program: Command, shell: Shell, json: boolean): void {
  const script = completionScript(program, shell)
  answer({ json }, { shell, script }, () => script)
}
