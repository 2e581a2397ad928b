import type { SoakReport } from '@esa/simulator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

let home: EsaHome
beforeAll(async () => {
  home = await EsaHome.create()
})
afterAll(() => home.remove())

describe('esa simulate --soak', () => {
  it('answers with its figures, and the same seeds with the same log', async () => {
    const soak = (...more: string[]) =>
      home.json<SoakReport>('simulate', '--soak', '--seeds', '1', '--seed', '3', ...more)
    const [once, again] = [await soak(), await soak('--minutes', '5')]
    expect(Object.keys(once).toSorted()).toEqual(
      'commits faults incidents liveMean logHash seeds speedup violations years'.split(' '),
    )
    expect(once).toMatchObject({ seeds: 1, violations: [] })
    expect(once.years).toBeCloseTo(3 / 365.25, 9)
    expect(once.speedup).toBeGreaterThan(1_000)
    expect(Object.values(once.faults).every((times) => times > 0)).toBe(true)
    expect({ ...again, speedup: 0 }).toEqual({ ...once, speedup: 0 })
  })

  it.each([
    ['without seeds', []],
    ['for no seed at all', ['--seeds', '0']],
    ['for half a minute', ['--seeds', '1', '--minutes', '0.5']],
    ['from a seed that is not a number', ['--seeds', '1', '--seed', 'x']],
    ['of a scenario', ['--seeds', '1', '--scenario', 'story.json']],
  ])('refuses to soak %s', async (_, args) => {
    expect(await home.refused('simulate', '--soak', ...args)).toMatchObject({
      code: 2,
      problem: { code: 'usage.soak' },
    })
  })
})
