import { connect, createServer, type Server, type Socket } from 'node:net'

/** The driver's `commit` as it goes over the wire: a simple query of PostgreSQL's protocol 3. */
const COMMIT_MESSAGE = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1')

/** A TCP line to a PostgreSQL server that can go dead at the worst instant. */
export interface LossyProxy {
  port: number
  /** The next COMMIT reaches the server; its answer does not come back, and the line breaks. */
  loseNextCommit(): void
  /** Open connections become half-open: nothing passes on them; new ones pass. */
  goSilent(): void
  close(): Promise<void>
}

/** Opens a proxy on a free port of this machine. */
export async function openLossyProxy(target: { host: string; port: number }): Promise<LossyProxy> {
  let armed = false
  const lines = new Set<Socket>()
  const silent = new Set<Socket>()
  // As the drivers' own lines: else a small write waits 40 ms for the answer to the one before.
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ ...target, noDelay: true })
    let losing = false
    near.on('data', (chunk) => {
      if (armed && chunk.equals(COMMIT_MESSAGE)) {
        armed = false
        losing = true
      }
      if (!silent.has(far)) far.write(chunk)
    })
    far.on('data', (chunk) => {
      if (losing) near.destroy()
      else if (!silent.has(near)) near.write(chunk)
    })
    for (const line of [near, far]) {
      lines.add(line)
      // A broken line is what this proxy is for; its client sees it break.
      line.on('error', () => {})
      line.on('close', () => {
        if (silent.has(line)) return
        lines.delete(line)
        near.destroy()
        far.destroy()
      })
    }
  })
  const port = await listen(server)
  return {
    port,
    loseNextCommit: () => {
      armed = true
    },
    goSilent: () => {
      for (const line of lines) silent.add(line)
    },
    close: async () => {
      for (const line of lines) line.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('the proxy has no port'))
      else resolve(address.port)
    })
  })
}
