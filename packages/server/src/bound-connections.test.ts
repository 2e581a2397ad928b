import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { boundConnections } from './bound-connections.ts'

it('2,000 connections in all, unless it is said otherwise', () => {
  const binding = { host: '127.0.0.1', port: 0, loopback: false }
  const [usual, other] = [createServer(), createServer()]
  boundConnections(usual, binding)
  boundConnections(other, binding, 300)
  expect([usual.maxConnections, other.maxConnections]).toEqual([2_000, 300])
})
