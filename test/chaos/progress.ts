/** Width of a bar, characters. */
const WIDTH = 24

/** Without a terminal a line is written after so many seconds. */
const LINE_EVERY_MS = 15_000

/** How far a long run has come, on stderr: a bar on a terminal, else a line now and then. */
export class Progress {
  readonly #began = performance.now()
  readonly #total: number
  readonly #label: string
  #nextLineAt = 0

  constructor(label: string, total: number) {
    this.#label = label
    this.#total = Math.max(1, total)
  }

  update(done: number, detail: string): void {
    const now = performance.now()
    if (!process.stderr.isTTY && now < this.#nextLineAt) return
    this.#nextLineAt = now + LINE_EVERY_MS
    const share = Math.min(1, done / this.#total)
    const filled = Math.round(share * WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
    const seconds = Math.round((now - this.#began) / 1_000)
    const line = `${this.#label} ${bar} ${Math.floor(share * 100)} % · ${seconds} s · ${detail}`
    process.stderr.write(process.stderr.isTTY ? `\r\u001b[2K${line}` : `${line}\n`)
  }

  stop(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K')
  }
}
