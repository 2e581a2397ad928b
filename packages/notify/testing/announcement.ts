import type { Announcement } from '@esa/protocol'

/** An announcement of a notified level, with a test's changes. */
export function announcement(more: Partial<Announcement> = {}): Announcement {
  return {
    id: 'msg_0123456789abcdef',
    at: '2026-01-01T00:00:00.000Z',
    source: '01K0000000000000000000RUN1',
    announced: 'incident.notice',
    incidentId: '01K0000000000000000000INC1',
    agent: 'layer-1',
    category: 'performance',
    level: 'chief',
    title: 'pool exhausted',
    visit: 1,
    told: 'chief-1',
    person: 'Ada',
    evidence: { waiting: 42 },
    ackUrl: 'https://esa.example.org/ack/secret',
    ...more,
  }
}
