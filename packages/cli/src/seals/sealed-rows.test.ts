import { describe, expect, it } from 'vitest'
import { compareRow, sealedRow } from './sealed-rows.ts'

const token = {
  id: 't',
  hash: 'h',
  holder: 'layer-2',
  person: 'Ada',
  scopes: ['incidents:ack'],
  created_at: 1,
  created_by: 'root',
  expires_at: 2,
  revoked_at: null,
  account: null,
  minted_by: 'a',
}
const account = {
  id: 'a',
  kind: 'person',
  issuer: 'home',
  subject: 's',
  display: 'Ada',
  label: 'ada',
  created_at: 1,
  created_by: null,
}

describe('a sealed row', () => {
  it('is the same while it is', () => {
    expect(
      compareRow('tokens', sealedRow('tokens', token), { ...token, scopes: ['incidents:ack'] }),
    ).toBeNull()
    expect(compareRow('accounts', sealedRow('accounts', account), account)).toBeNull()
  })

  it.each(Object.keys(account).filter((column) => column !== 'id'))(
    'of an account shows another %s',
    (column) => {
      const changed = { ...account, [column]: 'other' }
      expect(compareRow('accounts', sealedRow('accounts', account), changed)).toHaveProperty('why')
    },
  )

  it.each(['hash', 'holder', 'person', 'scopes', 'created_at', 'created_by', 'expires_at', 'minted_by'])(
    'of a token shows another %s',
    (column) => {
      const changed = { ...token, [column]: 'other' }
      expect(compareRow('tokens', sealedRow('tokens', token), changed)).toHaveProperty('why')
    },
  )

  it('of a token may be revoked and claimed once, and is sealed again then', () => {
    const sealed = sealedRow('tokens', token)
    const claimed = { ...token, account: 'a' }
    const now = compareRow('tokens', sealed, claimed)
    expect(now).toEqual(sealedRow('tokens', claimed))
    for (const later of [token, { ...token, account: 'b' }])
      expect(compareRow('tokens', sealedRow('tokens', claimed), later)).toHaveProperty('why')
    const revoked = { ...claimed, revoked_at: 5 }
    expect(compareRow('tokens', sealedRow('tokens', revoked), claimed)).toHaveProperty('why')
  })

  it('knows a column that came later, and says which version it cannot read', () => {
    const before = Object.fromEntries(
      Object.entries(token).filter(([column]) => column !== 'minted_by' && column !== 'account'),
    )
    expect(compareRow('tokens', sealedRow('tokens', before), { ...token, minted_by: null })).toBeNull()
    const [id, digest, set] = sealedRow('tokens', token)
    expect(compareRow('tokens', [id, digest.replace('1:', '9:'), set], token)).toMatchObject({
      why: expect.stringContaining('(9)'),
    })
    expect(compareRow('tokens', [id, digest, set], undefined)).toEqual({ why: 'the token is gone' })
  })
})
