import { globSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkDirectory } from './check-directory.ts'
import { buildDirectory } from './directory.ts'
import { decodeCard } from './card-source.ts'
import { parseCard } from './parse-card.ts'
import { hasErrors } from './problem.ts'

const root = join(import.meta.dirname, '../../..')
const files = globSync('agents/*/*/card.md', { cwd: root }).sort()
const cards = files.map((file) => {
  const { source } = decodeCard(file, readFileSync(join(root, file)))
  return parseCard(source!)
})

describe('the project’s own cards', () => {
  it('are read without a problem, each in the folder of its id', () => {
    expect(cards.flatMap(({ problems }) => problems)).toEqual([])
    expect(cards.map(({ agent }, i) => files[i]!.endsWith(`/${agent!.id}/card.md`))).not.toContain(false)
    expect(cards.length).toBeGreaterThanOrEqual(7)
  })

  it('make an organization without errors, in which the chart’s one-sided line shows', () => {
    const problems = checkDirectory(buildDirectory(cards.map(({ agent }) => agent!)))
    expect(hasErrors(problems)).toBe(false)
    expect(problems.filter(({ code }) => code === 'org.unmirrored').map(({ message }) => message)).toContain(
      'layer-2 reports to domain-1, but domain-1 does not list layer-2 among those it manages',
    )
  })

  it('promise for Layer 1 what is measured', () => {
    const { agent } = cards.find((card) => card.agent?.id === 'layer-1')!
    expect(agent!.metrics.map(({ key, comparator, value, unit }) => [key, comparator, value, unit])).toEqual([
      ['query-response-time', '<', 100, 'ms'],
      ['data-loss-incidents-during-migrations', '=', 0, 'count'],
      ['database-uptime', '>', 99.9, '%'],
      ['index-hit-ratio', '>', 95, '%'],
      ['schema-normalization-score', '>', 90, '%'],
    ])
    expect(agent!.escalation.map(({ level, agents, waitMs }) => [level, ...agents, waitMs])).toEqual([
      ['chief', 'chief-1', 3_600_000],
      ['domain', 'domain-1', null],
      ['peer', 'layer-2', 'layer-3', 1_800_000],
      ['ceo', 'agent-0', 0],
    ])
  })

  it('link to nothing outside the repository', () => {
    for (const file of files) {
      for (const [, target] of readFileSync(join(root, file), 'utf8').matchAll(/\]\(([^)]+)\)/g)) {
        expect(normalize(join(file, '..', target!)), `${file}: ${target}`).not.toMatch(/^\.\.|^\//)
      }
    }
  })
})
