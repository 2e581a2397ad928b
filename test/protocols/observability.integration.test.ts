import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { HAS_PROMTOOL, promtool } from './promtool.ts'
import { ProtocolWorld } from './protocol-world.ts'

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url))
const read = (path: string): string => readFileSync(join(DOCS, path), 'utf8')

interface Rule {
  alert: string
  expr: string
  annotations: { runbook_url: string }
}
interface Panel {
  title: string
  targets?: { expr: string }[]
}

const { groups } = parse(read('observability/alerts.yaml')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const { panels } = JSON.parse(read('observability/grafana.json')) as { panels: Panel[] }

/** Metrics that an expression of PromQL names, a histogram's parts by the histogram. */
function named(expression: string): string[] {
  const names = expression.match(/\b(?:esa|process|nodejs)_\w+/g) ?? []
  return names.map((name) =>
    name.replace(/(esa_(?:escalation_lateness|http_request_duration)_seconds)_\w+$/, '$1'),
  )
}

describe('what the documents name', () => {
  let world: ProtocolWorld
  let exposed: Set<string>

  beforeAll(async () => {
    world = await ProtocolWorld.start()
    const text = await (await fetch(`${world.url}/metrics`)).text()
    exposed = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!))
  })
  afterAll(() => world.close())

  it('in an alert is a metric that a server exposes', () => {
    const unknown = rules.flatMap(({ alert, expr }) =>
      named(expr).flatMap((name) => (exposed.has(name) ? [] : [`${alert}: ${name}`])),
    )
    expect(unknown).toEqual([])
    expect(rules.filter(({ expr }) => named(expr).length === 0).map(({ alert }) => alert)).toEqual([
      'EsaDown',
    ])
  })

  it('in the dashboard as well, and all of ours are on it', () => {
    const shown = panels.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr }) => named(expr).map((name) => ({ title, name }))),
    )
    expect(shown.filter(({ name }) => !exposed.has(name))).toEqual([])
    const seen = new Set(shown.map(({ name }) => name))
    expect([...exposed].filter((name) => name.startsWith('esa_') && !seen.has(name))).toEqual([
      'esa_deadlines_overdue',
    ])
  })

  it('in the table of metrics is complete', () => {
    const described = new Set(read('observability.md').match(/esa_\w+/g))
    expect([...exposed].filter((name) => name.startsWith('esa_') && !described.has(name))).toEqual([])
    expect([...described].filter((name) => !exposed.has(name))).toEqual([])
  })
})

describe('the runbook', () => {
  const runbook = read('runbook.md')

  it('has an entry for each alert, which the alert links to, and for nothing else', () => {
    const entries = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name!)
    expect(entries.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted())
    for (const { alert, annotations } of rules)
      expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
  })

  it('says in each what to look at and what to do', () => {
    const lacking = runbook
      .split(/^### /m)
      .slice(1)
      .filter((entry) => !/^Look: /m.test(entry) || !/^Do: /m.test(entry))
    expect(lacking).toEqual([])
  })

  it('names existing commands', () => {
    const commands = [...read('reference/cli.md').matchAll(/^## (esa .+)$/gm)].map(([, name]) => name!)
    const used = runbook.match(/(?<=`|^ {4})esa [a-z][^`\n]*/gm) ?? []
    expect(used.length).toBeGreaterThan(20)
    expect(used.filter((line) => !commands.some((name) => `${line} `.startsWith(`${name} `)))).toEqual([])
  })
})

describe.skipIf(!HAS_PROMTOOL)('promtool', () => {
  it('takes the rules', () => {
    expect(promtool(['check', 'rules', join(DOCS, 'observability/alerts.yaml')])).toBe('')
  })

  it('sees them fire when they should, and only then', () => {
    expect(promtool(['test', 'rules', join(DOCS, 'observability/alerts.test.yaml')])).toBe('')
  })
})
