export { type RoleGrants, roleGrants } from './guard/grants.ts'
export { runGuarded } from './guard/run-guarded.ts'
