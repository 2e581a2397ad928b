import type { Command, Option } from 'commander'
import type { Setting } from './config.ts'
import { exitCodesByPrefix } from './exit-codes.ts'

/** A page of docs/reference, by its file's name. */
export interface ReferencePage {
  file: string
  text: string
}

/** The pages that are written from the code itself: commands, settings, and the codes of errors. */
export function referencePages(program: Command, settings: readonly Setting[]): ReferencePage[] {
  return [
    { file: 'cli.md', text: cliPage(program) },
    { file: 'config.md', text: configPage(settings) },
    { file: 'errors.md', text: errorsPage() },
  ]
}

const WRITTEN = 'Written by `pnpm docs:reference` from the code; a test compares.'

function cliPage(program: Command): string {
  const commands = program.commands.flatMap((command) => leaves(command, program.name()))
  return (
    [
      '# Commands',
      WRITTEN,
      'What each answers with `--json`, and what its exit codes mean, is in [the command line](../cli.md).',
      'Every command takes these:',
      bullets(program.options.map(optionLine)),
      ...commands.flatMap(({ path, command }) => [`## ${path}`, ...commandLines(path, command)]),
    ].join('\n\n') + '\n'
  )
}

function leaves(command: Command, above: string): { path: string; command: Command }[] {
  const path = `${above} ${command.name()}`
  const below = command.commands.flatMap((child) => leaves(child, path))
  // A group that does something itself has an example of its own.
  return afterHelp(command) === '' && below.length > 0 ? below : [{ path, command }, ...below]
}

function commandLines(path: string, command: Command): string[] {
  const usage = `${path} ${command.usage()}`.replace(' [command]', '').trimEnd()
  const parts = command.registeredArguments.map(
    (argument) =>
      `\`${argument.required ? `<${argument.name()}>` : `[${argument.name()}]`}\`${sayings(argument.description, argument.argChoices, argument.defaultValue)}`,
  )
  const options = command.options.map(optionLine)
  return [
    `\`${usage}\`: ${command.description()}.`,
    ...(parts.length + options.length === 0 ? [] : [bullets([...parts, ...options])]),
    ['```text', afterHelp(command), '```'].join('\n'),
  ]
}

function optionLine(option: Option): string {
  const needed = option.mandatory ? ' (needed)' : ''
  return `\`${option.flags}\`${needed}${sayings(option.description, option.argChoices, option.defaultValue)}`
}

function sayings(about: string, choices: readonly string[] | undefined, fallback: unknown): string {
  const shown =
    typeof fallback === 'string' || typeof fallback === 'number' ? [`default \`${fallback}\``] : []
  const said = [about, ...(choices === undefined ? [] : [choices.join(', ')]), ...shown]
    .filter(Boolean)
    .join('; ')
  return said === '' ? '' : `: ${said}`
}

/** What a command's help says behind its options: notes and examples. */
function afterHelp(command: Command): string {
  let help = ''
  const output = command.configureOutput()
  command.configureOutput({ ...output, writeOut: (text) => (help += text) }).outputHelp()
  command.configureOutput(output)
  return help.slice(command.helpInformation().length).trim()
}

function configPage(settings: readonly Setting[]): string {
  return (
    [
      '# Configuration',
      WRITTEN,
      'Each is a variable of the environment, or a line of `esa.env` in the folder where `esa` is called; the environment wins, and a flag wins over both. Empty means unset. All faults are reported together, by the name of the variable and never with its value.',
      ...settings.flatMap(({ name, about, takes, fallback }) => [
        `## ${name}`,
        `${about.charAt(0).toUpperCase()}${about.slice(1)}.`,
        `Takes ${takes}; ${fallback === null ? 'unset by default' : `default \`${fallback}\``}.`,
      ]),
    ].join('\n\n') + '\n'
  )
}

function errorsPage(): string {
  return (
    [
      '# Errors',
      WRITTEN,
      'An error has a stable code like `incident.not-allowed`, a message, and most have a hint. With `--json` it is a problem document (RFC 9457) on stderr; over HTTP it is the answer. A command’s exit code follows from the longest prefix of the code in this list; a code that begins like none of them ends with 70.',
      bullets(
        exitCodesByPrefix().map(
          ([prefix, code]) => `\`${prefix}${prefix.endsWith('.') ? '*' : ''}\` ends with ${code}`,
        ),
      ),
    ].join('\n\n') + '\n'
  )
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}
