export { behaviors } from './behaviors.ts'
export { ALONE } from './layers/layer-1/building.ts'
