import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { withHomeLock } from './home-lock.ts'

async function newLock(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'esa-lock-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'lock')
}

it('lets one in at a time, also after one that failed', async () => {
  const lock = await newLock()
  let inside = 0
  const most: number[] = []
  const work = async () => {
    most.push(++inside)
    await nextTurn()
    inside--
  }
  const failing = withHomeLock(lock, async () => {
    await work()
    throw new Error('work failed')
  })
  await expect(failing).rejects.toThrow('work failed')
  await Promise.all(Array.from({ length: 4 }, () => withHomeLock(lock, work)))
  expect(most).toEqual([1, 1, 1, 1, 1])
})

it('is free as soon as its holder is killed', async () => {
  const lock = await newLock()
  const module = new URL('./home-lock.ts', import.meta.url).href
  const program = `
    const { withHomeLock } = await import(${JSON.stringify(module)})
    await withHomeLock(${JSON.stringify(lock)}, () => new Promise(() => { console.log('held'); setInterval(() => {}, 1e6) }))`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  let killed = false
  const waiting = withHomeLock(lock, async () => killed)
  const ended = once(holder, 'exit')
  killed = holder.kill('SIGKILL')
  await ended
  // The system frees the lock before it tells the parent of the end.
  expect(await waiting).toBe(true)
})
