import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { EXIT, exitCodeOf, problemOf } from './exit-codes.ts'
import { PROJECT_ROOT } from './project-root.ts'

const terminal = (code: string): EsaError => new EsaError(code, 'terminal', 'said')

describe('exit codes', () => {
  it.each([
    ['usage.command', EXIT.usage],
    ['incident.invalid', EXIT.usage],
    ['card.unreadable', EXIT.invalid],
    ['config.invalid', EXIT.invalid],
    ['database.home-forbidden', EXIT.invalid],
    ['incident.unknown', EXIT.notFound],
    ['agent.unknown', EXIT.notFound],
    ['file.unreadable', EXIT.notFound],
    ['incident.not-allowed', EXIT.forbidden],
    ['database.auth', EXIT.forbidden],
    ['incident.wrong-state', EXIT.conflict],
    ['store.schema-older', EXIT.conflict],
    ['agent.stopped', EXIT.conflict],
    ['database.unreachable', EXIT.unreachable],
    ['runtime.not-running', EXIT.unreachable],
    ['confirm.time-scale', EXIT.confirm],
  ])('%s ends with %i', (code, exit) => expect(exitCodeOf(terminal(code))).toBe(exit))

  it('70 for a bug, whatever its code, and for what is not an EsaError', () => {
    expect(exitCodeOf(new EsaError('incident.unknown', 'bug', 'said'))).toBe(EXIT.bug)
    expect(exitCodeOf(new TypeError('said'))).toBe(EXIT.bug)
    expect(exitCodeOf(terminal('nobody.thought-of-it'))).toBe(EXIT.bug)
  })

  it('every error that the sources name has one', () => {
    const files = globSync('{packages/*/src,packages/database/*/src,agents,escalation/src}/**/*.ts', {
      cwd: PROJECT_ROOT,
      exclude: (name) => name.endsWith('node_modules'),
    }).filter((file) => !/\.test\.ts$|\/testing\//.test(file))
    const named = files.flatMap((file) => [
      ...readFileSync(join(PROJECT_ROOT, file), 'utf8').matchAll(
        /['"`]([a-z]+\.[a-z][a-z-]+)['"`],\s*'(?:terminal|transient)'/g,
      ),
    ])
    const codes = [...new Set(named.map(([, code]) => code ?? ''))]
    expect(codes.length).toBeGreaterThan(50)
    expect(codes.filter((code) => exitCodeOf(terminal(code)) === EXIT.bug)).toEqual([])
  })
})

describe('an error as problem+json', () => {
  it('says code and message twice: by RFC 9457 and by our own names', () => {
    const error = new EsaError('a.b', 'terminal', 'said', { hint: 'do this', details: { id: 1 } })
    expect(problemOf(error)).toEqual({
      type: 'about:blank',
      title: 'a.b',
      detail: 'said',
      code: 'a.b',
      message: 'said',
      hint: 'do this',
      details: { id: 1 },
    })
  })

  it('leaves out what it does not have', () => {
    expect(Object.keys(problemOf(terminal('a.b')))).toEqual(['type', 'title', 'detail', 'code', 'message'])
  })
})
