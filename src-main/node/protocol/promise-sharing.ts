import { z } from 'zod'
import type { SignedPromise } from '#shared/model/promise.ts'

import { MAX_PROMISES_TOLD } from './limits.ts'
import { promiseBody, signedPromise } from './payment.ts'

/*
 * Messages between providers about issuers that both have dealt with (whitepaper 6.5.6). Promises travel as
 * their issuers signed them, and never with a benefiter's signature: whoever hears of one can take nothing.
 *
 *   promise-inquiry   either way     promises to the asker that are not cleared: whom it asks about, and that it may
 *   promise-report    the answer     promises of these issuers to the answerer, and others that it heard of
 */
export const PROMISE_INQUIRY = 'promise-inquiry'
export const PROMISE_REPORT = 'promise-report'

/** Body of both. */
export const promisesTold = z.object({ promises: z.array(signedPromise).max(MAX_PROMISES_TOLD) })

export function promisesToldBody(promises: readonly SignedPromise[]) {
  return { promises: promises.slice(0, MAX_PROMISES_TOLD).map(promiseBody) }
}
