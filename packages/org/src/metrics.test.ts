import { describe, expect, it } from 'vitest'
import { parseMetric } from './metrics.ts'

describe('parseMetric', () => {
  it.each([
    ['Query response time < 100ms for 95th percentile', 'query-response-time', '<', 100, 'ms', 95],
    ['p99 read latency < 5 ms', 'read-latency', '<', 5, 'ms', 99],
    [
      'Zero data loss incidents during migrations',
      'data-loss-incidents-during-migrations',
      '=',
      0,
      'count',
      undefined,
    ],
    ['Data loss incidents: zero', 'data-loss-incidents', '=', 0, 'count', undefined],
    ['Database uptime > 99.9%', 'database-uptime', '>', 99.9, '%', undefined],
    ['Index hit ratio > 95%', 'index-hit-ratio', '>', 95, '%', undefined],
    ['Schema normalization score > 90%', 'schema-normalization-score', '>', 90, '%', undefined],
    ['Test coverage ≥ 80 %', 'test-coverage', '>=', 80, '%', undefined],
    ['Bundle size <= 250KB', 'bundle-size', '<=', 250, 'KB', undefined],
    ['Error rate ≤ 1 percent', 'error-rate', '<=', 1, '%', undefined],
    ['Replicas = 3', 'replicas', '=', 3, 'count', undefined],
    ['Availability at least 99.5%', 'availability', '>=', 99.5, '%', undefined],
    ['Start time under 2 seconds', 'start-time', '<', 2, 's', undefined],
    ['Backlog below 1,000 jobs', 'backlog', '<', 1000, 'count', undefined],
    ['Throughput over 500 req/s', 'throughput', '>', 500, 'req/s', undefined],
    ['Incidents no more than 3 per month', 'incidents', '<=', 3, 'count', undefined],
    ['Reviews no less than 2', 'reviews', '>=', 2, 'count', undefined],
    ['Answered within 1 hour', 'answered', '<=', 1, 'h', undefined],
    ['Uptime: > 99%', 'uptime', '>', 99, '%', undefined],
  ])('%s', (text, key, comparator, value, unit, percentile) => {
    const rest = percentile === undefined ? {} : { percentile }
    expect(parseMetric(text, 7)).toEqual({ key, text, comparator, value, unit, line: 7, ...rest })
  })

  it.each(['Happy developers', 'Uptime 99.9%', '< 100ms', '', 'better than ever', 'Under review'])(
    '%j holds nothing to measure',
    (text) => {
      expect(parseMetric(text, 1)).toBeUndefined()
    },
  )
})
