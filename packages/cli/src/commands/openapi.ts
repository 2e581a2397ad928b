import { describeApi } from '@esa/server'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'

/** Prints the description of the HTTP API; it needs no runtime. */
export function printOpenApi(config: Config): void {
  const document = describeApi()
  answer(config, document, () => JSON.stringify(document, null, 2))
}
