import { request, type IncomingMessage } from 'node:http'

/** One event as it came. */
export interface Heard {
  id: number
  event: string
  data: Record<string, unknown> & { pos?: number; stream?: string; type?: string }
}

/** A reader of the stream that does what a test says: it reads, holds its breath, goes away and comes back. */
export class StreamReader {
  readonly heard: Heard[] = []
  ended = false
  #answer: IncomingMessage | null = null
  #waiting: (() => void)[] = []
  #rest = ''

  /** Opens the stream. */
  static async open(
    url: string,
    {
      query = '',
      last,
      token,
      cookie,
    }: { query?: string; last?: number; token?: string; cookie?: string } = {},
  ) {
    const reader = new StreamReader()
    const headers = {
      ...(last === undefined ? {} : { 'last-event-id': String(last) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(cookie === undefined ? {} : { cookie }),
    }
    await new Promise<void>((resolve, reject) => {
      const asked = request(`${url}/api/v1/stream${query}`, { headers, agent: false }, (answer) => {
        if (answer.statusCode !== 200) return reject(new Error(`status ${answer.statusCode}`))
        reader.#take(answer)
        resolve()
      })
      asked.once('error', reject)
      asked.end()
    })
    return reader
  }

  /** Positions of the log's events that were heard. */
  get positions(): number[] {
    return this.heard.flatMap(({ data: { pos } }) => pos ?? [])
  }

  /** The position after which it would go on. */
  get last(): number {
    return this.heard.at(-1)!.id
  }

  /** Resolves when what was heard fits. @throws Error when the line ends before. */
  async until(fits: (reader: StreamReader) => boolean): Promise<void> {
    while (!fits(this)) {
      if (this.ended) throw new Error(`the stream ended after ${this.heard.length} events`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Reads nothing more, and leaves the line open. */
  hold(): void {
    this.#answer!.pause()
  }

  read(): void {
    this.#answer!.resume()
  }

  leave(): void {
    this.#answer!.destroy()
  }

  #take(answer: IncomingMessage): void {
    this.#answer = answer
    const end = (): void => {
      this.ended = true
      this.#tell()
    }
    answer.setEncoding('utf8').on('data', (text: string) => this.#parse(text))
    answer.on('end', end).on('close', end).on('error', end)
  }

  #parse(text: string): void {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s) as [string, string]))
      const data = fields.get('data') ?? ''
      const id = Number(fields.get('id'))
      this.heard.push({
        id,
        event: fields.get('event') ?? 'message',
        data: data === '' ? {} : JSON.parse(data),
      })
    }
    this.#tell()
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
