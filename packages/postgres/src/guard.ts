export { type RoleGrants, roleGrants } from './guard/grants.ts'
export { type RoleStrength, roleStrength } from './guard/role-strength.ts'
export { isHarmlessFunction, knownHarmless, type KnownFunction } from './guard/harmless-functions.ts'
