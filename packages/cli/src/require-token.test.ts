import { describe, expect, it } from 'vitest'
import { isPrivate } from './require-token.ts'

describe('a server that only this machine reaches', () => {
  const at = (host: string, publicUrl: string | null = null, trustedProxies: string[] | null = null) =>
    isPrivate({ host, publicUrl, trustedProxies })

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('is at %s', (host) => {
    expect(at(host)).toBe(true)
    expect(at(host, 'https://esa.example.org')).toBe(false)
    expect(at(host, null, ['10.0.0.5'])).toBe(false)
  })

  it.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.example.org',
    'localhost.example.org',
    '[::1]',
    '128.0.0.1',
  ])('is not at %s', (host) => expect(at(host)).toBe(false))
})
