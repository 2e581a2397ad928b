import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { EXIT, exitCodeOf, checkout, program, PROJECT_ROOT } from '@esa/cli/testing'

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

const commands = commandsOf(program(0, true, checkout), 'esa')

describe('the help', () => {
  it('tells the version that is released', () => {
    const { version } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
      version: string
    }
    expect(program(0, true, checkout).version()).toBe(version)
  })

  it('is there for every command of the contract', () => {
    const names = commands.map(([name]) => name)
    const verbs =
      'open show ls ack decline resolve withdraw snooze suppress unsuppress escalate reassign raise'
    expect(names).toEqual(
      expect.arrayContaining([
        ...verbs.split(' ').map((verb) => `esa incidents ${verb}`),
        ...[
          'demo',
          'up',
          'worker',
          'down',
          'migrate',
          'status',
          'timers',
          'simulate',
          'doctor',
          'complete',
        ].map((c) => `esa ${c}`),
        ...['ls', 'show', 'lint', 'seat', 'stop', 'resume'].map((c) => `esa agents ${c}`),
        ...['show', 'verify', 'heads', 'export'].map((c) => `esa replay ${c}`),
        ...['tasks send', 'inbox ls', 'inbox answer', 'org check', 'db measure', 'db watch'].map(
          (c) => `esa ${c}`,
        ),
        ...['add', 'ls', 'test', 'rm'].map((c) => `esa targets ${c}`),
      ]),
    )
  })

  it.each(commands)('of %s says what it does and shows an example of it', (name, command) => {
    expect(command.description()).not.toBe('')
    expect(helpOf(command)).toMatch(/\nExamples?:\n {2}(?:ESA_\w+=\S+ )?esa /)
    expect(helpOf(command)).toContain(name)
  })
})

const ID = '01JZZZZZZZZZZZZZZZZZZZZZZZ'

describe('a wrong call', () => {
  it.each([
    'frobnicate',
    'incidents',
    'incidents ls --frobnicate',
    'incidents ls --level attic',
    'incidents open --agent layer-1 --category blocker',
    `incidents ack ${ID}`,
    'agents lint',
    'db measure',
    'inbox answer x --as layer-1',
  ])('is refused by the parser: esa %s', async (args) => {
    const call = program(0, true, checkout).parseAsync(args.split(' '), { from: 'user' })
    const error: unknown = await call.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CommanderError)
    expect((error as CommanderError).exitCode).not.toBe(0)
  })

  it.each([
    ['incidents open --agent layer-1 --category weather --title x', EXIT.usage],
    ['incidents open --agent nonsense --category blocker --title x', EXIT.usage],
    [`incidents ack ${ID} --as layer-2 --for soon`, EXIT.usage],
    [`incidents ack ${ID} --as nonsense`, EXIT.usage],
    [`incidents escalate ${ID} --as layer-2 --epoch x`, EXIT.usage],
    ['agents seat layer-1', EXIT.usage],
    ['agents seat layer-1 --human --built-in', EXIT.usage],
    ['replay verify', EXIT.usage],
    ['replay verify layer-1 --all', EXIT.usage],
    ['replay export layer-1 --format pdf', EXIT.usage],
    ['db measure --target mysql://ada@db/x', EXIT.usage],
    ['db measure --target env:SHOP_URL --window soon', EXIT.usage],
    ['db measure --target env:SHOP_URL --window 1d', EXIT.usage],
    ['db watch --target shop', EXIT.usage],
    ['db watch --every 60s', EXIT.usage],
    ['db watch --target shop --every 1s', EXIT.usage],
    ['db watch --target shop --every 60s --stop', EXIT.usage],
    ['db migrate plan change.sql', EXIT.usage],
    ['db migrate plan old.sql new.sql --target env:SHOP_URL', EXIT.usage],
    ['db migrate plan old.sql new.sql --rename total', EXIT.usage],
    ['targets add UPPER env:SHOP_URL', EXIT.usage],
    ['targets add shop http://shop', EXIT.usage],
    ['tasks send --from layer-3 --to layer-14 --subject x --body x', EXIT.usage],
    ['status --time-scale 0', EXIT.invalid],
    ['status --database-url mysql://ada@db/x', EXIT.invalid],
  ])('is refused before anything is touched: esa %s', async (args, exit) => {
    const call = program(0, true, checkout).parseAsync(args.split(' '), { from: 'user' })
    const error: unknown = await call.catch((thrown: unknown) => thrown)
    expect(exitCodeOf(error)).toBe(exit)
  })
})
