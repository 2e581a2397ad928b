import cliProgress from 'cli-progress'
import { errorColours as pc } from './colours.ts'
import { note } from './output.ts'

/** Steps of a long job on stderr, each with the seconds since the start; bars and countdowns on a terminal only. */
export class Progress {
  readonly #began = performance.now()

  /** A step that begins. */
  step(text: string): void {
    note(`${pc.dim(this.#elapsed())} ${pc.bold(text)}`)
  }

  /** Something a reader should know about the step. */
  detail(text: string): void {
    note(`${' '.repeat(this.#elapsed().length)} ${text}`)
  }

  /** A bar over `total`; `update` takes what is done. */
  bar(label: string, total: number): { update(done: number): void; stop(): void } {
    if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} }
    const format = `${' '.repeat(this.#elapsed().length)} ${label} {bar} {percentage}%`
    const bar = new cliProgress.SingleBar(
      { format, stream: process.stderr, clearOnComplete: true, hideCursor: true },
      cliProgress.Presets.shades_classic,
    )
    bar.start(total, 0)
    return { update: (done) => bar.update(done), stop: () => bar.stop() }
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1_000
  }

  #elapsed(): string {
    return `[${this.seconds.toFixed(1).padStart(5)} s]`
  }
}
