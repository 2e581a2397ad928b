import { spawn, type ChildProcess } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { servesDirectory } from './postmaster.ts'
import { SERVER_ENVIRONMENT } from './server-identity.ts'

/** Memory that one process of the sandbox may map, KiB: beyond it a statement fails, and the server lives on. */
const MEMORY_MAX_KIB = 1_536 * 1_024

/** How often the keeper looks at its server, s. */
const LOOK_EVERY_S = 15

/** A sandbox that has not been used for so long is stopped, min. */
const IDLE_MINUTES = 10

/** Its log is emptied beyond this, bytes: what is tried there must not fill the disk with messages. */
const LOG_MAX_BYTES = 16 * 1024 * 1024

/**
 * Runs the server as its child with a limit of memory, stops it when the file `used` grows old, empties a long log, and passes
 * a SIGTERM on. A shell, so that no process of ours has to live for it.
 */
const KEEPER = `
directory=$1; look=$2; end=$3; shift 3
ulimit -v ${MEMORY_MAX_KIB} 2>/dev/null
"$@" >>"$directory/server.log" 2>&1 &
server=$!
trap 'kill -$end $server' TERM INT
(
  while sleep "$look"; do
    [ -n "$(find "$directory/used" -mmin -${IDLE_MINUTES})" ] || kill -$end $server
    [ "$(wc -c <"$directory/server.log")" -le ${LOG_MAX_BYTES} ] || : >"$directory/server.log"
  done
) 2>/dev/null &
watch=$!
while kill -0 $server 2>/dev/null; do wait $server; done
kill $watch
`

/** Starts the keeper of the folder in the background, where it outlives this process; `endBy` is the signal that ends the command. */
export async function startKeeper(
  { directory, data, endBy }: { directory: string; data: string; endBy: 'INT' | 'TERM' },
  command: readonly string[],
  lookEveryS: number = LOOK_EVERY_S,
): Promise<ChildProcess> {
  const words = ['-c', KEEPER, 'esa-sandbox', directory, String(lookEveryS), endBy, ...command]
  // It works in the data directory, by which it is recognized.
  const keeper = spawn('sh', words, { cwd: data, env: SERVER_ENVIRONMENT, detached: true, stdio: 'ignore' })
  keeper.on('error', () => {})
  keeper.unref()
  await writeFile(pidFile(directory), String(keeper.pid))
  return keeper
}

/** The process id of the folder's keeper; undefined when none runs. */
export async function runningKeeper({
  directory,
  data,
}: {
  directory: string
  data: string
}): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile(directory), 'utf8').catch(() => ''))
  return pid > 0 && (await servesDirectory(pid, data)) ? pid : undefined
}

function pidFile(directory: string): string {
  return join(directory, 'keeper.pid')
}
