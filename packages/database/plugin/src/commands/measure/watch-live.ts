import { contextOf, storeNow } from '@esa/operations'
import type { MetricReading } from '@esa/database-advice/measure'
import { isoTime } from '@esa/protocol'
import { Sleeper } from '@esa/runtime'
import type { KeptReading, Store } from '@esa/store'
import type { Config } from '../../config.ts'
import { answer, EXIT, note, printable } from '@esa/cli/plugin-kit'
import { lookInStore, requireOrg } from '../../runtime.ts'
import { type Board, boardText, type Tile } from './watch-tiles.ts'

/** A clock that people watch moves once a second. */
const DRAW_EVERY_MS = 1_000

/** How far back the history of a tile goes, ms. */
const HISTORY_MS = 24 * 3_600_000

/** Clears a terminal from its first line on. */
const CLEAR = '\u001B[H\u001B[J'

/**
 * Shows what a watch measures, as it comes, until Ctrl-C: tiles on a terminal, a line for each reading elsewhere, with `--json`
 * one document for each. Reads what the agent kept and measures nothing itself.
 */
export async function followTarget(config: Config, target: string): Promise<void> {
  const metrics = (await requireOrg(config)).get('layer-1')?.card?.metrics ?? []
  const keys = metrics.map(({ key }) => key)
  await lookInStore(config, async (store) => {
    const sleeper = new Sleeper()
    const interrupt = (): void => {
      process.exitCode = EXIT.interrupted
      sleeper.stop()
    }
    process.once('SIGINT', interrupt)
    const live = process.stdout.isTTY && !config.json
    let shownAt = await storeNow(store)
    if (!live) note(`following ${target}; Ctrl-C ends this`)
    try {
      while (!sleeper.stopped) {
        const board = await look(store, target, keys)
        if (live) process.stdout.write(`${CLEAR}${printable(boardText(board))}\n`)
        else shownAt = printNews(config, board, shownAt)
        await sleeper.sleep(DRAW_EVERY_MS)
      }
    } finally {
      process.removeListener('SIGINT', interrupt)
    }
  })
}

async function look(store: Store, target: string, keys: string[]): Promise<Board> {
  const nowMs = await storeNow(store)
  const since = nowMs - HISTORY_MS
  const kept = await Promise.all(keys.map((key) => store.readings(target, key, since)))
  const actor = await store.readActor('layer-1')
  const watching = actor === null ? null : contextOf(actor)
  const looks = watching !== null && watching.wakeMs !== null && watching.memory['target'] === target
  return { target, nowMs, nextAt: looks ? (watching.lookAt ?? null) : null, tiles: kept.flatMap(tileOf) }
}

function tileOf(readings: KeptReading[]): Tile[] {
  const sorted = readings.toSorted((a, b) => a.at - b.at)
  const last = sorted.at(-1)
  if (last === undefined) return []
  const { key, value, unit, comparator, threshold, ok, why = null } = readingOf(last)
  const history = sorted.flatMap((one) => readingOf(one).value ?? [])
  return [{ key, value, unit, promised: `${comparator} ${threshold} ${unit}`, ok, at: last.at, why, history }]
}

function readingOf({ reading }: KeptReading): MetricReading {
  return reading as unknown as MetricReading
}

/** What came since the last look, the earliest first. */
function printNews(config: Config, { target, tiles }: Board, shownAt: number): number {
  const news = tiles.filter(({ at }) => at > shownAt).toSorted((a, b) => a.at - b.at)
  for (const { key, value, unit, promised, ok, at, why } of news) {
    const document = { target, key, at: isoTime(at), value, unit, promised, ok, why }
    const verdict = ok === null ? '?' : ok ? 'ok' : 'BREACH'
    answer(
      config,
      document,
      () => `${isoTime(at)}  ${verdict}  ${key}  ${value === null ? why : `${value} ${unit}`}  ${promised}`,
    )
  }
  return Math.max(shownAt, ...news.map(({ at }) => at))
}
