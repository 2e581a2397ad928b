import { EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { workerLog } from './worker-log.ts'

function logged(fields: object): string {
  let line = ''
  workerLog('debug', { write: (text) => (line += text) }).warn(fields, 'trouble')
  return line
}

describe('the log of a worker', () => {
  it('says what an error is and what caused it, and nothing that a driver hung on it', () => {
    const refused = Object.assign(new Error('WRONGPASS invalid password'), {
      command: { name: 'hello', args: ['3', 'AUTH', 'default', 'hunter2'] },
    })
    const err = new EsaError('queue.auth', 'terminal', 'refused', { cause: refused })
    const line = logged({ err, host: 'db' })
    expect(line).not.toContain('hunter2')
    expect(JSON.parse(line)).toMatchObject({
      host: 'db',
      err: { code: 'queue.auth', message: 'refused', cause: { message: 'WRONGPASS invalid password' } },
    })
    expect(logged({ err: refused })).not.toContain('hunter2')
  })

  it('shows no token, and no header that carries one', () => {
    const headers = { authorization: 'Bearer hunter2', cookie: 'esa=hunter2' }
    const line = logged({ token: 'hunter2', channel: { secret: 'hunter2' }, request: { headers } })
    expect(line).not.toContain('hunter2')
  })

  it('says in which trace it came about, where something is traced', () => {
    let lines = ''
    let traceId: string | null = null
    const log = workerLog('info', { write: (text) => (lines += text) }, { traceId: () => traceId })
    log.info({ actorId: 'layer-1' }, 'before')
    traceId = 'af'
    log.info({ actorId: 'layer-1' }, 'within')
    const told = lines
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { traceId?: string }).traceId)
    expect(told).toEqual([undefined, 'af'])
  })

  it('shows no URL and no password beside one', () => {
    const line = logged({
      redisUrl: 'redis://:hunter2@h',
      db: { password: 'hunter2', url: 'postgres://a:hunter2@h' },
    })
    expect(line).not.toContain('hunter2')
  })
})
