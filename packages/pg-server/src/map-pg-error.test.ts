import { EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { mapPgError } from './map-pg-error.ts'

const server = (code: string, message = 'words of the server') =>
  Object.assign(new Error(message), { code, severity: 'ERROR' })
const system = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

describe('mapPgError', () => {
  it.each([
    [server('57P01'), 'database.unreachable', 'transient'],
    [server('57P03'), 'database.unreachable', 'transient'],
    [server('08006'), 'database.unreachable', 'transient'],
    [server('53300'), 'database.busy', 'transient'],
    [server('53100'), 'database.disk-full', 'transient'],
    [server('40001'), 'database.serialization', 'transient'],
    [server('40P01'), 'database.serialization', 'transient'],
    [server('55P03'), 'database.locked', 'transient'],
    [server('57014'), 'database.timeout', 'transient'],
    [server('25006'), 'database.read-only', 'transient'],
    [server('28P01'), 'database.auth', 'terminal'],
    [server('42501'), 'database.permission', 'terminal'],
    [server('42P01'), 'database.schema', 'terminal'],
    [server('42703'), 'database.schema', 'terminal'],
    [server('3D000'), 'database.absent', 'terminal'],
    [server('23505'), 'database.conflict', 'terminal'],
    [server('23514'), 'database.constraint', 'terminal'],
    [server('22P02'), 'database.data', 'terminal'],
    [server('25P02'), 'database.unexpected', 'bug'],
    [server('XX001'), 'database.corrupt', 'terminal'],
    [server('P0001'), 'database.failed', 'terminal'],
    [system('ECONNREFUSED'), 'database.unreachable', 'transient'],
    [system('ECONNRESET'), 'database.unreachable', 'transient'],
    [system('ENOTFOUND'), 'database.unreachable', 'transient'],
    [system('DEPTH_ZERO_SELF_SIGNED_CERT'), 'database.tls', 'terminal'],
    [new Error('Connection terminated unexpectedly'), 'database.unreachable', 'transient'],
    [new Error('timeout exceeded when trying to connect'), 'database.unreachable', 'transient'],
    [new Error('Query read timeout'), 'database.timeout', 'transient'],
    [
      new AggregateError([system('ECONNREFUSED'), system('ECONNREFUSED')]),
      'database.unreachable',
      'transient',
    ],
    [new TypeError('x is not a function'), 'database.unexpected', 'bug'],
    ['a thrown string', 'database.unexpected', 'bug'],
  ])('%s is %s (%s)', (error, code, kind) => {
    const mapped = mapPgError(error)
    expect([mapped.code, mapped.kind]).toEqual([code, kind])
    expect(mapped.cause).toBe(error)
  })

  it('looks through the wrapper of an ORM, and does not believe the statement that it quotes', () => {
    const inner = Object.assign(server('23505'), { table: 'orders', constraint: 'orders_pkey' })
    const mapped = mapPgError(new Error("Failed query: select 'connection terminated'", { cause: inner }))
    expect(mapped.code).toBe('database.conflict')
    expect(mapped.details).toEqual({ sqlState: '23505', table: 'orders', constraint: 'orders_pkey' })
    const other = mapPgError(new Error("Failed query: select 's3cret'", { cause: new Error('inner words') }))
    expect(other.message).toContain('inner words')
    expect(other.message).not.toContain('s3cret')
  })

  it('leaves a refused value to the cause', () => {
    expect(mapPgError(server('22P02', 'invalid input syntax: "s3cret"')).message).not.toContain('s3cret')
  })

  it('passes an EsaError through, also from inside a wrapper', () => {
    const own = new EsaError('incident.absent', 'terminal', 'No such incident.')
    expect(mapPgError(own)).toBe(own)
    expect(mapPgError(new Error('wrapped', { cause: own }))).toBe(own)
  })
})
