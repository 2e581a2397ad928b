import { appendFile, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { faultOfMemory } from './check-seals.ts'
import { newKey } from './seal.ts'
import { type Draft, SealFile } from './seal-file.ts'

let home: string
let file: SealFile

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'esa-seal-file-'))
  file = new SealFile(home)
})
afterEach(() => rm(home, { recursive: true }))

const draft = (...ids: string[]): Draft => ({
  runtimeId: 'r',
  place: 'p',
  pos: [0, 9],
  streams: ids.map((id) => [id, 1, 'h', 'p']),
  tokens: [],
  accounts: [],
  retired: [],
})
const path = (name: string): string => join(home, name)
const append = (one: Draft, by = file): Promise<void> => by.locked(() => by.append(one))
const again = () => new SealFile(home).read()

it('goes on after a process that died halfway through a line', async () => {
  await append(draft('a'))
  await appendFile(path('seals.jsonl'), '{"n":2,"at":"20')
  await append(draft('b'))
  const book = await again()
  expect(book.faults).toEqual([])
  expect([...book.of('r')!.streams.keys()]).toEqual(['a', 'b'])
  expect(book.last?.n).toBe(2)
})

it('goes on after a process that died while it took another key', async () => {
  await append(draft('a'))
  const before = await readFile(path('seal.key'), 'utf8')
  await file.locked(() => file.append(draft(), { newKey: true }))
  await rename(path('seal.key'), path('seal.key.new'))
  await writeFile(path('seal.key'), before)
  await append(draft('b'), new SealFile(home))
  expect(await again()).toMatchObject({ faults: [], last: { n: 3 } })
  // One that died before it signed with the new key goes on with the old one.
  await rename(path('seal.key.new'), path('seal.key'))
  await writeFile(path('seal.key.new'), newKey())
  await append(draft('c'), new SealFile(home))
  expect(await again()).toMatchObject({ faults: [], last: { n: 4 } })
})

it('lets one writer in at a time', async () => {
  const others = Array.from({ length: 4 }, () => new SealFile(home))
  await Promise.all(others.map((one, n) => append(draft(`s${n}`), one)))
  expect(await again()).toMatchObject({ faults: [], first: 1, last: { n: 4 } })
})

it('finds a seal that was cut, put back or changed in place while it is open', async () => {
  await append(draft('a'))
  const one = await readFile(path('seals.jsonl'), 'utf8')
  await append(draft('b'))
  const two = await readFile(path('seals.jsonl'), 'utf8')
  await writeFile(path('seals.jsonl'), one)
  expect((await file.read()).faults).toMatchObject([{ seq: 2, why: expect.stringContaining('are gone') }])
  await writeFile(path('seals.jsonl'), two.replace('"a"', '"c"'))
  expect((await file.read({ whole: true })).faults[0]).toMatchObject({ seq: 1 })
})

it('writes a file again that has grown far beyond what counts, and goes on', async () => {
  for (let n = 0; n < 40; n++) await append(draft('a', 'b'))
  const before = await file.read()
  const open = new SealFile(home)
  await open.read()
  const { size } = await stat(path('seals.jsonl'))
  expect(await file.locked(() => file.compact(size + 1))).toBe(false)
  expect(await file.locked(() => file.compact(size))).toBe(true)
  expect((await stat(path('seals.jsonl'))).size).toBeLessThan(size / 20)
  await append(draft('c'), open)
  const book = await again()
  expect(book).toMatchObject({ faults: [], first: 41, last: { n: 42 }, key: before.key })
  expect([...book.of('r')!.streams.keys()]).toEqual(['a', 'b', 'c'])
  expect(await readdir(home)).toContain('seals.jsonl.before')
})

it('makes no difference when a process died after it had written the file again, of several runtimes', async () => {
  for (let n = 0; n < 40; n++) {
    await append(draft('a', 'b'))
    await append({ ...draft('c'), runtimeId: 'other', place: 'elsewhere' })
  }
  const { last, key } = await file.read()
  const witness = { n: last!.n, hash: last!.hash, key: key! }
  expect(await file.locked(() => file.compact(1))).toBe(true)
  const written = await file.read()
  expect([written.first, written.last?.n]).toEqual([81, 82])
  expect(faultOfMemory(written, witness, 'other')).toBeNull()
  // A seal before that one reached the database.
  expect(faultOfMemory(written, { ...witness, n: 79 }, 'other')).toContain('older than seal 82')
  await append({ ...draft('d'), runtimeId: 'other', place: 'elsewhere' })
  expect(faultOfMemory(await file.read(), witness, 'other')).toContain('older than seal 83')
})
