import { EsaError } from '@esa/protocol'

/** Bounds a promise that may never settle; what it does afterwards is ignored. @throws EsaError `queue.slow` (transient). */
export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new EsaError('queue.slow', 'transient', `no answer from the queue in ${ms} ms`)),
      ms,
    )
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
