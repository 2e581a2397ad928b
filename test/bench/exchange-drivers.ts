/** One way to carry exchanges: a request that one side takes and an answer that the other side takes. */
export interface ExchangeDriver {
  /** Resolves when both steps of an exchange are done. No lane has two exchanges at a time. */
  exchange(lane: number): Promise<void>
  close(): Promise<void>
}

/** Exchanges a second, `atOnce` under way at any time; `warmUp` of them came before and do not count. */
export async function driveExchanges(
  driver: ExchangeDriver,
  { count, atOnce, warmUp }: { count: number; atOnce: number; warmUp: number },
): Promise<number> {
  const run = async (total: number): Promise<void> => {
    let begun = 0
    const lane = async (_: unknown, number: number): Promise<void> => {
      while (begun++ < total) await driver.exchange(number)
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
  }
  await run(warmUp)
  const began = performance.now()
  await run(count)
  return count / ((performance.now() - began) / 1_000)
}

/** Promises by number, kept by the waiter and by the receiver of the end. */
export class Awaited {
  readonly #waiting = new Map<number, () => void>()

  wait(n: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(n, resolve))
  }

  done(n: number): void {
    this.#waiting.get(n)?.()
    this.#waiting.delete(n)
  }
}
