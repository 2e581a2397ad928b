import { EsaError } from '@esa/protocol'
import { CommanderError } from 'commander'
import { EXIT } from './exit-codes.ts'
import { reportError } from './output.ts'
import { program } from './program.ts'

/** Commander's own ends: a help or version that was asked for is fine, everything else is a wrong call that it has explained already. */
function commanderExit(error: unknown): number | null {
  if (!(error instanceof CommanderError)) return null
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage
}

const json = process.argv.includes('--json')
// A reader that goes away (`esa ... | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})

try {
  await program(performance.now()).parseAsync()
} catch (error) {
  const usage = commanderExit(error)
  if (usage === null) process.exitCode = reportError(error, json)
  else {
    if (usage !== EXIT.ok && json) {
      const message = error instanceof Error ? error.message : String(error)
      reportError(new EsaError('usage.wrong-call', 'terminal', message.replace(/^error: /, '')), true)
    }
    process.exitCode = usage
  }
}
