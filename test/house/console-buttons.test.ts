import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from './source-files.ts'

/** Buttons that send a command by themselves; one that submits a form is off by itself while the server is lost. */
function commandButtons(text: string): string[] {
  return text
    .split('<Button')
    .slice(1)
    .map((rest) => rest.split(/<\/Button>|\/>/)[0]!)
    .filter((button) => button.includes('.mutate(') && !button.includes('type="submit"'))
}

it('a button that sends a command is off while nothing can be done', () => {
  const files = globSync('packages/console/src/**/*.tsx', { cwd: ROOT })
  const buttons = files.flatMap((file) =>
    commandButtons(readFileSync(join(ROOT, file), 'utf8')).map((button) => ({ file, button })),
  )
  expect(buttons.length).toBeGreaterThan(5)
  expect(buttons.filter(({ button }) => !/\bacts\b/.test(button)).map(({ file }) => file)).toEqual([])
})
