import { EsaError } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const refusal = (environment: NodeJS.ProcessEnv, flags = {}): EsaError => {
  try {
    readConfig(flags, environment)
  } catch (error) {
    if (error instanceof EsaError) return error
    throw error
  }
  throw new Error('the configuration was taken')
}

describe('the configuration', () => {
  it('has a default for everything', () => {
    const { home, ...rest } = readConfig({}, {})
    expect(home).toMatch(/\/\.esa$/)
    expect(rest).toMatchObject({
      databaseUrl: null,
      redisUrl: null,
      timeScale: 1,
      alarmWebhook: null,
      logLevel: 'warn',
      json: false,
      yes: false,
    })
  })

  it('names an identity provider and a client of it, or neither', () => {
    const both = { ESA_OIDC_ISSUER: 'https://id.example', ESA_OIDC_CLIENT_ID: 'esa' }
    expect(readConfig({}, both).signIn).toEqual({
      issuer: 'https://id.example',
      clientId: 'esa',
      secretFile: null,
      scopes: ['agents:read', 'incidents:write', 'db:read'],
    })
    expect(readConfig({}, {}).signIn).toBeNull()
    for (const [environment, says] of [
      [{ ESA_OIDC_ISSUER: both.ESA_OIDC_ISSUER }, 'go together'],
      [{ ESA_OIDC_CLIENT_ID: 'esa' }, 'go together'],
      [{ ...both, ESA_OIDC_SCOPES: 'incidents:write root' }, '"root"'],
    ] as const)
      expect(refusal(environment)).toMatchObject({
        code: 'config.invalid',
        message: expect.stringContaining(says),
      })
  })

  it('prefers flags to the environment', () => {
    const environment = { ESA_HOME: '/tmp/a', DATABASE_URL: 'postgres://a/a', ESA_TIME_SCALE: '2' }
    const flags = { home: '/tmp/b', databaseUrl: 'postgresql://b/b', timeScale: '360', json: true, yes: true }
    expect(readConfig(flags, environment)).toMatchObject({
      home: '/tmp/b',
      databaseUrl: 'postgresql://b/b',
      timeScale: 360,
      json: true,
      yes: true,
    })
  })

  it('takes an empty variable for an unset one', () => {
    const environment = { DATABASE_URL: '', REDIS_URL: '', ESA_TIME_SCALE: '', ESA_HOME: '' }
    expect(readConfig({}, environment)).toEqual(readConfig({}, {}))
  })

  it('reports every fault at once, by the name of its variable', () => {
    const { code, message } = refusal({
      DATABASE_URL: 'mysql://u:hunter2@db/x',
      REDIS_URL: 'http://:hunter2@cache',
      ESA_TIME_SCALE: 'fast',
      ESA_ALARM_WEBHOOK: 'ftp://hunter2',
      ESA_LOG: 'hunter2',
    })
    expect(code).toBe('config.invalid')
    const variables = ['DATABASE_URL', 'REDIS_URL', 'ESA_TIME_SCALE', 'ESA_ALARM_WEBHOOK', 'ESA_LOG']
    for (const variable of variables) expect(message).toContain(variable)
  })

  it.each(['https://esa.example.org', 'https://esa.example.org/', 'http://[2001:db8::1]:8080'])(
    'takes %s as the origin before a proxy',
    (origin) => {
      expect(readConfig({}, { ESA_PUBLIC_URL: origin }).publicUrl).toBe(origin.replace(/\/$/, ''))
    },
  )

  it.each([
    'esa.example.org',
    'https://',
    'https://esa.example.org/esa',
    'https://u:p@esa.example.org',
    'https://a?b',
  ])('refuses %s as such', (text) =>
    expect(refusal({ ESA_PUBLIC_URL: text }).message).toContain('ESA_PUBLIC_URL'),
  )

  it.each([
    ['10.0.0.5', ['10.0.0.5']],
    ['10.0.0.5, 10.1.0.0/16,fd00::/8', ['10.0.0.5', '10.1.0.0/16', 'fd00::/8']],
    ['', null],
  ])('takes "%s" as the proxies that are believed', (text, proxies) => {
    expect(readConfig({}, { ESA_TRUSTED_PROXIES: text }).trustedProxies).toEqual(proxies)
  })

  it.each([
    'proxy.internal',
    '10.0.0.5;10.0.0.6',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'fd00::/129',
    ',',
  ])('refuses %s as such', (text) =>
    expect(refusal({ ESA_TRUSTED_PROXIES: text }).message).toContain('ESA_TRUSTED_PROXIES'),
  )

  it('never repeats a value: it may hold a password', () => {
    const error = refusal({
      DATABASE_URL: 'mysql://u:hunter2@db/x',
      ESA_LOG: 'hunter2',
      ESA_TIME_SCALE: 'hunter2',
    })
    expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('hunter2')
  })

  it.each(['0', '-1', 'NaN', '1e9', 'Infinity'])('refuses a time scale of %s', (timeScale) => {
    expect(refusal({}, { timeScale }).message).toContain('ESA_TIME_SCALE')
  })
})
