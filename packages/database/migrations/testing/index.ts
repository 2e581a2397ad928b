export { nothingMade, opaqueReasons } from '../src/apply/opaque/opaque.ts'
