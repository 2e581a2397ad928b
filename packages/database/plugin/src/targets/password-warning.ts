import { colours, note } from '@esa/cli/plugin-kit'

/** A flag is seen by everyone on the machine, in the list of processes and in the shell's history. */
export function warnOfPassword(target: string): void {
  if ((URL.parse(target)?.password ?? '') === '') return
  note(
    `${colours.yellow('warning')} a password on the command line is seen by others: use --target env:VAR, or esa targets add NAME env:VAR`,
  )
}
