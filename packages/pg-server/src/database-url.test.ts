import { inspect } from 'node:util'
import { isEsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import {
  databaseOf,
  describeUrl,
  hasSessions,
  isLoopback,
  isNeon,
  isPooler,
  parseDatabaseUrl,
  webSocketProxy,
  withDatabase,
} from './database-url.ts'

describe('describeUrl', () => {
  it.each([
    ['postgresql://ada:s3cret@db.example:6432/shop?sslpassword=s3cret', 'ada@db.example:6432/shop'],
    ['postgres://ada:s3%40cret@127.0.0.1/shop', 'ada@127.0.0.1/shop'],
    ['postgres:///shop?host=/run/postgresql&password=s3cret', '/run/postgresql/shop'],
    ['postgresql://ada:s3#cret@db.example/shop', 'an unreadable database URL'],
    ['mysql://ada:s3cret@db.example/shop', 'an unreadable database URL'],
    ['s3cret', 'an unreadable database URL'],
  ])('%s', (url, text) => {
    expect(describeUrl(url)).toBe(text)
    expect(describeUrl(url)).not.toContain('cret')
  })
})

describe('isLoopback', () => {
  it.each([
    'postgres://a:b@localhost/x',
    'postgres://a:b@127.0.0.1:5432/x',
    'postgres://a:b@127.8.9.1/x',
    'postgres://a:b@[::1]/x',
    'postgres:///x?host=/run/postgresql',
    'postgres://%2Frun%2Fpostgresql/x',
  ])('%s stays on this machine', (url) => expect(isLoopback(url)).toBe(true))
  it.each([
    'postgres://a:b@db.example/x',
    'postgres://a:b@localhost.example/x',
    'postgres://a:b@127.0.0.1.example/x',
    'postgres://a:b@localhost/x?host=db.example',
    'postgres://a:b@10.0.0.1/x',
    'nonsense',
  ])('%s does not', (url) => expect(isLoopback(url)).toBe(false))
})

describe('the parts of a URL', () => {
  it('knows Neon and its pooler by the host', () => {
    expect(isNeon('postgres://a:b@ep-x.eu.aws.neon.tech/x')).toBe(true)
    expect(isNeon('postgres://a:b@neon.tech.example/x')).toBe(false)
    expect(isPooler('postgres://a:b@ep-x-pooler.eu.aws.neon.tech/x')).toBe(true)
    expect(isPooler('postgres://a:b@ep-x.eu.aws.neon.tech/x')).toBe(false)
  })

  it('takes any other pooler, and a WebSocket proxy, from the URL', () => {
    expect(isPooler('postgres://a:b@db.example:6432/x?sslmode=require&pgbouncer=true')).toBe(true)
    expect(isPooler('postgres://a:b@db.example:6432/x?pgbouncer=false')).toBe(false)
    expect(webSocketProxy('postgres://a:b@db.example/x?wsproxy=localhost:8080')).toBe('localhost:8080')
    expect(webSocketProxy('postgres://a:b@db.example/x')).toBeNull()
  })

  it('gives sessions over plain TCP, or it does not', () => {
    expect(hasSessions('postgres://a:b@db.example/x')).toBe(true)
    expect(hasSessions('postgres://a:b@ep-x.eu.aws.neon.tech/x')).toBe(true)
    expect(hasSessions('postgres://a:b@ep-x-pooler.eu.aws.neon.tech/x')).toBe(false)
    expect(hasSessions('postgres://a:b@db.example/x?pgbouncer=true')).toBe(false)
    expect(hasSessions('postgres://a:b@db.example/x?wsproxy=localhost:8080')).toBe(false)
  })

  it('swaps the database and keeps the rest', () => {
    const url = withDatabase('postgres://a:p%40ss@h:1/x?sslmode=require', 'my shop')
    expect(url).toBe('postgres://a:p%40ss@h:1/my%20shop?sslmode=require')
    expect(databaseOf(url)).toBe('my shop')
    expect(databaseOf('postgres://ada@h')).toBe('ada')
  })

  it('refuses another URL without repeating it', () => {
    const refusal = caught(() => parseDatabaseUrl('postgres://ada:s3#cret@h/x'))
    expect(isEsaError(refusal, 'database.url-unreadable')).toBe(true)
    expect(inspect(refusal, { depth: 9 })).not.toContain('#cret')
  })
})

function caught(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
