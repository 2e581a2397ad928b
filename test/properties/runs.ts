/** Runs of a property: as many as fit into `pnpm test`; `pnpm test:all` asks for a thousand. */
export const RUNS = Number(process.env['TEST_RUNS'] ?? 100)
