export { type RoleGrants, roleGrants } from './guard/grants.ts'
export { roleOf, type RoleStrength } from './guard/role-strength.ts'
export { isHarmlessFunction, knownHarmless, type KnownFunction } from './guard/harmless-functions.ts'
