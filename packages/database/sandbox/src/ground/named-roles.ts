import type { ParsedStatement } from '@esa/database-catalog/sql'

type Statements = readonly Pick<ParsedStatement, 'node'>[]

/** Roles that statements make by CREATE ROLE, which is about the whole server and not run on a rehearsal. */
export function madeRoles(statements: Statements): string[] {
  return statements.flatMap(({ node }) => ('CreateRoleStmt' in node ? [node.CreateRoleStmt.role ?? ''] : []))
}

/** Roles that statements name: GRANT TO, OWNER TO, policies ..., and those that they make. */
export function namedRoles(statements: Statements): string[] {
  const named = new Set(madeRoles(statements))
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, child] of Object.entries(value)) {
      if (key === 'rolename' && typeof child === 'string') named.add(child)
      visit(child)
    }
  }
  for (const { node } of statements) visit(node)
  return [...named].filter((role) => !role.startsWith('pg_'))
}
