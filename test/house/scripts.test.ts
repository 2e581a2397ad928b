import { expect, it } from 'vitest'
import { sourceFiles } from './source-files.ts'

it('every package has the tasks that turbo runs: without one its tests would not run', () => {
  const manifests = sourceFiles('{packages/**,escalation,agents,test}/package.json')
  expect(manifests.length).toBeGreaterThan(10)
  for (const { path, text } of manifests) {
    const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, string> }
    expect(scripts['test'], path).toContain('vitest run --project unit')
    expect(scripts['lint'], path).toBe('oxlint --deny-warnings')
  }
})
