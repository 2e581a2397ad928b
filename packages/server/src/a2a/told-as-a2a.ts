import {
  A2AError,
  RequestMalformedError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors'
import { EsaError, isEsaError } from '@esa/protocol'
import type { Logger } from 'pino'

/** Codes of what is not there, and of what was not understood; all else is what the state or the token does not allow. */
const UNKNOWN = /^(?:task|incident|stream|agent)\.unknown$/
const MALFORMED = /^(?:usage|message|request|payload)\.|\.invalid$/

/** Does it, and reports a failure as A2A does, with our code and hint in its metadata. A bug of ours is logged, and reported without details. */
export async function toldAsA2a<T>(log: Logger, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof A2AError) throw error
    if (!isEsaError(error) || error.kind === 'bug') {
      log.error({ err: error }, 'a2a request failed')
      throw new EsaError('server.bug', 'bug', 'the server failed; its log says how', { cause: error })
    }
    const { code, message, hint } = error
    const kind = UNKNOWN.test(code)
      ? TaskNotFoundError
      : MALFORMED.test(code)
        ? RequestMalformedError
        : UnsupportedOperationError
    throw new kind({
      message: `${code}: ${message}`,
      metadata: { code, ...(hint === undefined ? {} : { hint }) },
    })
  }
}
