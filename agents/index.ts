export { behaviors } from './behaviors.ts'
