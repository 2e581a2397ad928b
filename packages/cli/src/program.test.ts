import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { program } from './program.ts'

/** Every command that does something, as it is called. */
function commandsOf(command: Command, path: string): [string, Command][] {
  const own = command.commands.flatMap((child) => commandsOf(child, `${path} ${child.name()}`))
  return command.commands.length === 0 ? [[path, command]] : own
}

function helpOf(command: Command): string {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  return help
}

const commands = commandsOf(program(0, true), 'esa')

describe('the help', () => {
  it('is there for every command of the contract', () => {
    const names = commands.map(([name]) => name)
    const verbs =
      'open show ls ack decline resolve withdraw snooze suppress unsuppress escalate reassign raise'
    expect(names).toEqual(
      expect.arrayContaining([
        ...verbs.split(' ').map((verb) => `esa incidents ${verb}`),
        ...['demo', 'up', 'worker', 'down', 'migrate', 'status', 'timers', 'simulate'].map((c) => `esa ${c}`),
        ...['ls', 'show', 'lint', 'seat', 'stop', 'resume'].map((c) => `esa agents ${c}`),
        ...['show', 'verify', 'heads', 'export'].map((c) => `esa replay ${c}`),
        ...['inbox ls', 'inbox answer', 'org check', 'db measure', 'db watch'].map((c) => `esa ${c}`),
        ...['add', 'ls', 'test', 'rm'].map((c) => `esa targets ${c}`),
      ]),
    )
  })

  it.each(commands)('of %s says what it does and shows an example of it', (name, command) => {
    expect(command.description()).not.toBe('')
    expect(helpOf(command)).toMatch(/\nExamples?:\n {2}esa /)
    expect(helpOf(command)).toContain(name)
  })
})
