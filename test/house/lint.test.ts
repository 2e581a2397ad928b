import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from './source-files.ts'

// A glob that matches nothing passes in silence: so the linter's rules are shown faults they must see.
const IMPURE = `
export const now = Date.now()
export const dice = Math.random()
export const later = setTimeout(() => {}, 1)
export const home = process.env['HOME']
export const world = globalThis
`
const FAULTS: Record<string, string> = {
  'packages/org/src/impure.ts': IMPURE,
  'packages/actor/src/impure.ts': IMPURE,
  'escalation/src/impure.ts': IMPURE,
  'agents/layers/impure.ts': IMPURE,
  'packages/database/plugin/src/clock.activity.ts': `export const now = Date.now()`,
  'packages/store/src/faults.ts': `
import { createActor } from 'xstate'
import { step } from '@esa/actor/src/step.ts'
export default function start(input: any) {
  console.log(createActor, step, input, process.env['HOME'])
}
export async function ready() {}
export function wait() {
  ready()
}`,
  'packages/console/src/page.tsx': `
export function Page({ names }: { names: string[] }) {
  return <div onClick={() => names.pop()}>{names.map((name) => <img src={name} />)}</div>
}`,
  'packages/store/src/a.ts': `import type { B } from './b.ts'\nexport type A = B | 1`,
  'packages/store/src/b.ts': `import type { A } from './a.ts'\nexport type B = A | 2`,
  'packages/store/src/a.test.ts': `import { it } from 'vitest'\nit.skip('a', () => {})\nit.only('b', () => {})\nit.todo('c')`,
  'vitest.config.ts': `export default {}`,
  'tsconfig.json': `{ "compilerOptions": { "strict": true, "target": "ES2024", "types": [] } }`,
}

let found: { code: string; filename: string }[]
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'esa-lint-'))
  for (const [path, text] of Object.entries(FAULTS)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  copyFileSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  found = lint(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function lint(cwd: string): { code: string; filename: string }[] {
  // The linter finds its type-aware half by PATH. A link to node_modules instead would be walked, for minutes.
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}` }
  try {
    return parse(
      execFileSync('oxlint', ['--format', 'json'], { cwd, env, encoding: 'utf8', timeout: 30_000 }),
    )
  } catch (error) {
    // Exit 1 is what faults are for; the findings are on stdout.
    return parse((error as { stdout: string }).stdout)
  }
}

function parse(report: string): { code: string; filename: string }[] {
  return (JSON.parse(report) as { diagnostics: { code: string; filename: string }[] }).diagnostics
}

const codes = (path: string): string[] =>
  found
    .filter(({ filename }) => filename.endsWith(path))
    .map(({ code }) => code.replace(/^.*\((.*)\)$/, '$1'))
    .sort()

describe('the linter sees', () => {
  it.each(Object.keys(FAULTS).filter((path) => path.endsWith('impure.ts')))(
    'a clock and dice in %s',
    (path) => {
      const globals = Array.from({ length: 4 }, () => 'no-restricted-globals')
      expect(codes(path)).toEqual(['no-process-env', ...globals, 'no-restricted-properties'])
    },
  )

  it('what breaks the rules of every room', () => {
    expect(codes('store/src/faults.ts')).toEqual([
      'no-console',
      'no-default-export',
      'no-explicit-any',
      'no-floating-promises',
      'no-process-env',
      'no-restricted-imports',
      'no-restricted-imports',
    ])
  })

  it('a page that shuts people out, or loses count of its rows', () => {
    expect(codes('console/src/page.tsx')).toEqual(
      expect.arrayContaining(['alt-text', 'click-events-have-key-events', 'jsx-key']),
    )
  })

  it('a cycle of types', () =>
    expect([...codes('store/src/a.ts'), ...codes('store/src/b.ts')]).toContain('no-cycle'))

  it('tests that do not run', () => {
    expect(codes('store/src/a.test.ts')).toEqual(
      expect.arrayContaining(['no-disabled-tests', 'no-focused-tests', 'warn-todo']),
    )
  })

  it('and no fault where there is none', () => {
    expect([...codes('clock.activity.ts'), ...codes('vitest.config.ts')]).toEqual([])
  })
})
