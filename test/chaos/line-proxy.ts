import { connect, createServer, type Server, type Socket } from 'node:net'

/** The driver's `commit` as it goes over the wire: a simple query of PostgreSQL's protocol 3. */
const COMMIT_MESSAGE = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1')

/** A TCP line to a server that can be broken in the ways in which a network breaks. */
export interface LineProxy {
  port: number
  /** Every byte waits, in both directions, as on a network that will heal; neither end notices. */
  hold(): void
  /** Every byte of the lines that are open now is lost, and neither end notices; new connections pass. */
  swallow(): void
  /** Lines break, and new ones are refused. */
  cut(): void
  /** What was held goes on, and new lines pass. */
  heal(): void
  /** The next COMMIT reaches the server; its answer does not come back, and the line breaks. True once that happened. */
  loseNextCommit(): Promise<void>
  close(): Promise<void>
}

type Way = 'pass' | 'hold' | 'cut'

interface Line {
  near: Socket
  far: Socket
  swallowed: boolean
}

/** Opens a proxy on a free port of this machine. */
export async function openLineProxy(target: { host: string; port: number }): Promise<LineProxy> {
  const lines = new Set<Line>()
  let way: Way = 'pass'
  let onLost: (() => void) | null = null
  const server = createServer((near) => {
    if (way === 'cut') return void near.destroy()
    const line: Line = { near, far: connect(target), swallowed: false }
    lines.add(line)
    const losing = { now: false }
    pass(line, near, line.far, (chunk) => {
      if (onLost === null || !chunk.equals(COMMIT_MESSAGE)) return true
      losing.now = true
      onLost()
      onLost = null
      return true
    })
    pass(line, line.far, near, () => {
      if (losing.now) near.destroy()
      return !losing.now
    })
    for (const end of [near, line.far]) {
      if (way === 'hold') end.pause()
      // A broken line is what this proxy is for; its client sees it break.
      end.on('error', () => {})
      end.on('close', () => {
        // The other end of a swallowed line does not learn that this one has gone.
        if (line.swallowed) return
        lines.delete(line)
        near.destroy()
        line.far.destroy()
      })
    }
  })
  const port = await listen(server)
  const every = (each: (end: Socket) => void): void => {
    for (const { near, far } of lines) for (const end of [near, far]) each(end)
  }
  return {
    port,
    hold: () => {
      way = 'hold'
      every((end) => end.pause())
    },
    swallow: () => {
      for (const line of lines) line.swallowed = true
    },
    cut: () => {
      way = 'cut'
      every((end) => end.destroy())
    },
    heal: () => {
      way = 'pass'
      every((end) => end.resume())
    },
    loseNextCommit: () => new Promise((resolve) => (onLost = resolve)),
    close: async () => {
      every((end) => end.destroy())
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Passes bytes one way, unless the line is swallowed or `look` keeps them. */
function pass(line: Line, from: Socket, to: Socket, look: (chunk: Buffer) => boolean): void {
  from.on('data', (chunk) => {
    if (!line.swallowed && look(chunk)) to.write(chunk)
  })
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
