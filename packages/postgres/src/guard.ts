export { type RoleGrants, roleGrants } from './guard/grants.ts'
export { isHarmlessFunction, knownHarmless, type KnownFunction } from './guard/harmless-functions.ts'
