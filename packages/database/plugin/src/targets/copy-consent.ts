import { describeUrl, isLoopback } from '@esa/pg-server'
import { EsaError } from '@esa/protocol'

/** How much of a target's rows is copied. `sample`: small tables whole and some of the large ones; `full`: all rows. */
export type CopyMode = 'sample' | 'full'

/** What commander makes of `--copy-rows [mode]`: true without a mode. */
export type CopyFlag = CopyMode | true | undefined

/**
 * How much may be copied from the target at `url`. Rows of a database on this machine may be; those of another leave it only
 * when the caller said so. @throws EsaError `confirm.copy-rows` (terminal).
 */
export function copyConsent(url: string, flag: CopyFlag, otherwise: CopyMode): CopyMode {
  if (flag === undefined && !isLoopback(url))
    throw new EsaError(
      'confirm.copy-rows',
      'terminal',
      `this copies rows of ${describeUrl(url)} to this machine`,
      {
        hint: 'add --copy-rows to agree, or --copy-rows full for all of them',
      },
    )
  return flag === undefined || flag === true ? otherwise : flag
}
