export { checkIntegrity } from './integrity/check-integrity.ts'
