import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamFile } from '@esa/operations/views'
import { chainSteps, GENESIS_HEAD } from '@esa/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { importedStream, keepImported } from './imported-streams.ts'

const ID = '01JZZZZZZZZZZZZZZZZZZZZZZZ'

/** A stream of one event for each word. */
function streamOf(...words: string[]): StreamFile {
  const steps = words.map((word, index) => ({
    input: { kind: 'event' as const, id: `input-${index}`, event: { type: 'say', word } },
    env: { at: index, unreachable: [] },
    events: [{ seq: index + 1, at: index, type: 'said', epoch: 0, data: { word } }],
  }))
  const { rows, head } = chainSteps(ID, GENESIS_HEAD, steps)
  return { id: ID, type: 'talk', version: 1, head, events: rows }
}

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-imports-'))
})
afterEach(() => rm(home, { recursive: true }))

describe('an imported stream', () => {
  it('is read as it was written', async () => {
    await keepImported(home, streamOf('one', 'two'))
    expect(await importedStream(home, ID)).toEqual(streamOf('one', 'two'))
  })

  it.each([
    ['grows', ['one'], ['one', 'two'], ['one', 'two']],
    ['does not shrink', ['one', 'two'], ['one'], ['one', 'two']],
  ])('%s when it is imported again', async (_, first, second, kept) => {
    await keepImported(home, streamOf(...first))
    await keepImported(home, streamOf(...second))
    expect(await importedStream(home, ID)).toEqual(streamOf(...kept))
  })

  it('is not replaced by another history under its name', async () => {
    await keepImported(home, streamOf('one', 'two'))
    await expect(keepImported(home, streamOf('one', 'other', 'three'))).rejects.toMatchObject({
      code: 'stream.differs',
    })
    expect(await importedStream(home, ID)).toEqual(streamOf('one', 'two'))
  })

  it.each(['gone', '../secrets', ''])('of the name "%s" is not there', async (name) => {
    expect(await importedStream(home, name)).toBeNull()
  })
})
