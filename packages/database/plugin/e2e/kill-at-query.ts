// Preloaded into the real command line (`NODE_OPTIONS=--import`): kills the process with SIGKILL at its KILL_AT-th statement, before it is
// sent, when it is on its way, or when its answer is there (KILL_MOMENT). With KILL_AT=0 it only counts. The number of
// statements so far is in the file KILL_COUNT. The product knows nothing of it.
import { writeFileSync } from 'node:fs'
import pg from 'pg'

type Query = (this: unknown, ...args: unknown[]) => unknown

const { KILL_AT = '0', KILL_MOMENT = 'before', KILL_COUNT = '' } = process.env
const at = Number(KILL_AT)
let sent = 0

function die(): void {
  process.kill(process.pid, 'SIGKILL')
  // Nothing runs after a SIGKILL, whatever the kernel is busy with.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

const prototype = pg.Client.prototype as unknown as { query: Query }
const { query } = prototype
prototype.query = function (...args) {
  // How often it looks who waits is a matter of time, and nothing depends on it.
  if (String(args[0]).includes('esa:own')) return query.apply(this, args)
  sent += 1
  if (at === 0) writeFileSync(KILL_COUNT, String(sent))
  const mine = sent === at
  if (mine && KILL_MOMENT === 'before') die()
  const answer = query.apply(this, args)
  if (mine && KILL_MOMENT === 'sent') setImmediate(die)
  if (mine && KILL_MOMENT === 'after') void Promise.resolve(answer).finally(die)
  return answer
}
