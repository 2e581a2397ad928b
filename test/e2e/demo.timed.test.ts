import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisInstalled, redisServer, until } from '@esa/runtime/testing'
import { ended, EsaHome, type Ran, says } from './run-esa.ts'

interface DemoAnswer {
  seconds: number
  maxLateMs: number
  queues: string
  incidents: { id: string; category: string; status: string; verified: { replay: unknown; chain: unknown } }[]
}

function checkAnswer({ code, stdout, stderr }: Ran): DemoAnswer {
  expect({ code, stderr }).toMatchObject({ code: 0 })
  const answer: DemoAnswer = JSON.parse(stdout)
  expect(answer.seconds).toBeGreaterThan(0)
  expect(answer.maxLateMs).toBeLessThanOrEqual(1_000)
  expect(answer.incidents.map(({ category, status }) => [category, status])).toEqual([
    ['integration', 'resolved'],
    ['data-loss', 'resolved'],
    ['performance', 'resolved'],
  ])
  for (const { verified } of answer.incidents)
    expect(verified).toEqual({ replay: 'identical', chain: 'unbroken' })
  return answer
}

describe('esa demo', () => {
  let esa: EsaHome
  /** The worker that a demo left running. */
  let kept: number

  beforeAll(async () => {
    esa = await EsaHome.create()
  })

  afterAll(() => esa.remove())

  it('ends by itself on a fresh home, and prints its timelines as text, with the card’s lines and the lateness', async () => {
    const { code, stdout, stderr } = await esa.run(['demo', '--keep'])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stderr).toMatch(/worker \d+ killed with SIGKILL in the middle of the wait; worker \d+ started/)
    expect(stdout).toMatch(/incident\.escalated +\d+ ms late wait missed/)
    expect(stdout).toContain('agents/layers/layer-1/card.md:')
    expect(stderr).toMatch(/layer-1 tried it on a copy with its rows: p95 [\d.]+ ms before, [\d.]+ ms after/)
    expect(stderr).toMatch(/chief-1 approves the statement [0-9a-f]{64}/)
    expect(stdout).toMatch(
      /index built \(approved statement [0-9a-f]{12}\): p95 went from [\d.]+ ms to [\d.]+ ms/,
    )
    expect(stdout).toMatch(/verified: 3 of 3 timelines replay/)
    expect(stdout).toContain('Scaled: the waits, divided by 360')
    kept = Number(/left running: worker (\d+)/.exec(stderr)?.[1])
  })

  it('leaves with --keep a database, and a worker that goes on without it', async () => {
    const { workers } = await esa.json<{ workers: { pid: number }[] }>('status')
    expect(workers.map((worker) => worker.pid)).toContain(kept)
    const asking = ['--from', 'operator', '--to', 'layer-14', '--subject', 's', '--body', '{"task":"t"}']
    await esa.json('tasks', 'send', ...asking)
    const told = async () =>
      (await esa.json<{ items: unknown[] }>('inbox', 'ls', '--agent', 'layer-14')).items.length > 0
    expect(await until('the kept worker delivers', told, 20_000)).toBe(true)
    process.kill(kept, 'SIGTERM')
    // The demo leaves its server to the operator, and the next one starts its own.
    expect(await esa.json<{ stopped: boolean }>('down')).toEqual({ stopped: true })
  })

  it('takes a Ctrl-C at any moment: ends with 130, leaves nothing open and nothing running', async () => {
    const demo = esa.start(['demo'])
    const end = ended(demo)
    await says(demo, 'domain-1 is notified')
    demo.kill('SIGINT')
    expect((await end).code).toBe(130)
    expect(await esa.json<{ stopped: boolean }>('down')).toEqual({ stopped: false })
    expect(await esa.json('incidents', 'ls', '--open')).toEqual({ incidents: [] })
    expect(await esa.json('agents', 'seat', 'domain-1', '--show')).toMatchObject({ seat: 'built-in' })
    // One that was killed with SIGKILL counts as running until its last sign of life is stale.
    const gone = async () => !(await esa.json<{ running: boolean }>('status')).running
    expect(await until('no worker is left', gone, 20_000)).toBe(true)
    await esa.run(['down'])
  })
})

describe.runIf(redisInstalled())('esa demo on Redis', () => {
  it('does the same with its queues on Redis, is resolved and proven, and stops what it started', async () => {
    const redis = await redisServer()
    const esa = await EsaHome.create()
    try {
      const answer = checkAnswer(await esa.run(['demo', '--json'], { REDIS_URL: redis.url }))
      expect(answer.queues).toBe('redis')
      expect(await esa.json<{ stopped: boolean }>('down')).toEqual({ stopped: false })
    } finally {
      await esa.remove()
      await redis.stop()
    }
  })
})
