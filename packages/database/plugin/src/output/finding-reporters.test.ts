import { expect, it } from 'vitest'
import { findingsGithub, findingsSarif } from './finding-reporters.ts'

const FINDINGS = [
  {
    kind: 'orphans',
    severity: 'error',
    relation: 'public.orders',
    message: '100% wrong\nreally',
    evidence: {},
    fix: 'a, b',
  },
  { kind: 'size', severity: 'info', message: 'small', evidence: {} },
] as const

it('annotations keep their lines and signs', () => {
  expect(findingsGithub(FINDINGS)).toBe(
    '::error title=orphans::public.orders: 100%25 wrong%0Areally%0A→ a, b\n::notice title=size::small',
  )
})

it('a SARIF result names its rule, its level and its relation', () => {
  expect(findingsSarif('esa db check', FINDINGS)).toMatchObject({
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'esa db check', rules: [{ id: 'orphans' }, { id: 'size' }] } },
        results: [
          {
            ruleId: 'orphans',
            ruleIndex: 0,
            level: 'error',
            locations: [{ logicalLocations: [{ fullyQualifiedName: 'public.orders' }] }],
          },
          { ruleId: 'size', ruleIndex: 1, level: 'note' },
        ],
      },
    ],
  })
})
