export { freezeDatabase, type Freeze, readFreeze, thawDatabase } from './freeze/freeze-flag.ts'
