import { benchChecksums } from './checksums.ts'
import { benchLint } from './lint.ts'
import { benchPlans } from './plans.ts'
import { benchAdvice } from './shop/advice.ts'

/** What `pnpm bench` measures of the database toolkit. */
export const parts = {
  advice: { about: 'index advice on a shop of a million orders, built there and timed', run: benchAdvice },
  plans: {
    about: 'each migration plan on 1 M rows under 200 writes/s: failed, longest blocked, checksums',
    run: benchPlans,
  },
  checksums: { about: 'checksums of tables against a plain sum of hashes', run: benchChecksums },
  lint: { about: 'how long a lint takes, tried and by text (SQUAWK=BINARY compares)', run: benchLint },
}
