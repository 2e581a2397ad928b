export { type CopiedTable, type RowCopy, type RowProgress } from './rehearsal/copy-rows.ts'
export { type OpenDatabase, type RehearsalGround, type Tester } from './rehearsal/ground.ts'
export {
  type Rehearsal,
  type RehearsalOptions,
  type SchemaSource,
  withRehearsal,
} from './rehearsal/open-rehearsal.ts'
export { type RehearsedStatement, rehearseScripts, type Script } from './rehearsal/rehearse-scripts.ts'
