import { describe, expect, it } from 'vitest'
import { bounded } from './look.activity.ts'

describe('an answer', () => {
  it('fits into a message: the longest list is cut, and says by how much', () => {
    const findings = Array.from({ length: 4_000 }, (_, n) => ({ kind: 'x', message: `${n} `.repeat(20) }))
    const cut = bounded({ findings, few: [1] }) as {
      findings: unknown[]
      few: number[]
      leftOut: { findings: number }
    }
    expect(JSON.stringify(cut).length).toBeLessThan(256 * 1024)
    expect(cut.findings.length + cut.leftOut.findings).toBe(4_000)
    expect(cut.few).toEqual([1])
    expect(bounded({ text: 'x'.repeat(300_000) })).toMatchObject({
      why: expect.stringContaining('command line'),
    })
    expect(bounded({ findings: [1] })).toEqual({ findings: [1] })
  })
})
