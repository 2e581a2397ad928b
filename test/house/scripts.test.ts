import { expect, it } from 'vitest'
import { sourceFiles } from './source-files.ts'

it('every package has the tasks that turbo runs: without one its tests would not run', () => {
  const manifests = sourceFiles('{packages/**,escalation,agents,test}/package.json')
  expect(manifests.length).toBeGreaterThan(10)
  for (const { path, text } of manifests) {
    const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, string> }
    expect({ path, ...scripts }).toMatchObject({
      path,
      test: expect.stringContaining('vitest run --project unit'),
      lint: 'oxlint --deny-warnings',
    })
  }
})
