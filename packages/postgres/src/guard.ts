export { runGuarded } from './guard/run-guarded.ts'
export { type Reading, readStatement } from './guard/read-statement.ts'
export { requireHarmless } from './guard/require-harmless.ts'
