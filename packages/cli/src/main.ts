import { EsaError } from '@esa/protocol'
import { CommanderError } from 'commander'
import { openProject, placesOf } from './esa-config.ts'
import { EXIT } from './exit-codes.ts'
import { reportError } from './output.ts'
import { program } from './program.ts'
import { addSettings } from './settings-file.ts'

/** Commander's own ends: a requested help or version is fine, everything else is a wrong call that it has explained already. */
function commanderExit(error: unknown): number | null {
  if (!(error instanceof CommanderError)) return null
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage
}

const json = process.argv.includes('--json')
// A reader that goes away (`esa ... | head`) is not an error; a full disk is one, not a finding.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  const unwritten = new EsaError(
    'output.unwritable',
    'terminal',
    `the answer cannot be written: ${error.message}`,
  )
  process.exit(reportError(unwritten, json))
})

try {
  addSettings(process.cwd(), process.env)
  const began = performance.now()
  await program(began, json, await openProject(placesOf(process.argv.slice(2), process.env))).parseAsync()
} catch (error) {
  const usage = commanderExit(error)
  if (usage === null) process.exitCode = reportError(error, json)
  else {
    if (usage !== EXIT.ok && json) reportError(wrongCall(error), true)
    process.exitCode = usage
  }
}

/** What commander found wrong, for `--json`; people have read it from commander itself. */
function wrongCall(error: unknown): EsaError {
  const { code, message } = error as CommanderError
  const said = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '')
  return new EsaError('usage.wrong-call', 'terminal', said, { cause: error, hint: 'see: esa --help' })
}
