export { readSchema } from '../src/schema/read-schema.ts'
export { inTargetSnapshot } from '../src/schema/target-snapshot.ts'
export { groundAt, type TestGround } from './ground.ts'
