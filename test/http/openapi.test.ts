import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describeApi } from '@esa/server'
import { describe, expect, it } from 'vitest'
import { HttpWorld } from './http-world.ts'

const document = describeApi()
const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation: operation as Operation })),
)

interface Operation {
  summary?: string
  operationId?: string
  tags?: string[]
  security?: Record<string, string[]>[]
  responses: Record<string, unknown>
}

describe('the description of the API', () => {
  it('is valid OpenAPI 3.1, by the recommended rules of a linter', async () => {
    expect(await faultsOf(document)).toEqual([])
  })

  it.each([
    ['a reference that leads nowhere', { components: {} }, 'no-unresolved-refs'],
    ['no info', { info: undefined }, 'struct'],
  ])('is read by a linter that finds %s', async (_, fault, rule) => {
    expect((await faultsOf({ ...document, ...fault })).map(([ruleId]) => ruleId)).toContain(rule)
  })

  it.each(operations.map((one): [string, Operation] => [`${one.method} ${one.path}`, one.operation]))(
    'of %s says what it is, what it takes and how it refuses',
    (_, { summary, operationId, tags, security, responses }) => {
      expect(summary).toBeTruthy()
      expect(operationId).toBeTruthy()
      expect(tags).toHaveLength(1)
      expect(security!.length).toBeGreaterThan(0)
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '401', '403']))
    },
  )

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is what a server answers', async () => {
    const world = await HttpWorld.start()
    try {
      const response = await fetch(`${world.world.url}/openapi.json`)
      expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)))
    } finally {
      await world.close()
    }
  })
})

async function faultsOf(described: object): Promise<(string | undefined)[][]> {
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({
    source: JSON.stringify(described),
    absoluteRef: 'openapi.json',
    config,
  })
  return problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])
}
