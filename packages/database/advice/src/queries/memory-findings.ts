import { type PlacedNode, firstRelation, nodeName, relationOf } from './plan-tree.ts'
import { suspect, type Suspicion } from './suspicion.ts'

/** Memory offered is this much above what was used on disk: rows in memory take more room than in a sorted file. */
const MEMORY_PER_DISK = 3

/** Largest work_mem that is advised, MB: every sort of every session may take as much. */
const WORK_MEM_MB_MAX = 1_024

/** Rows that were read again because a bitmap forgot which of a page's rows it meant, before it matters. */
const RECHECKED_ROWS_MIN = 10_000

function workMem(kB: number): string {
  const mb = Math.max(8, Math.ceil(kB / 1_024))
  return `${Math.min(WORK_MEM_MB_MAX, 2 ** Math.ceil(Math.log2(mb)))}MB`
}

function spilled(what: string, placed: PlacedNode, kB: number, evidence: Suspicion['evidence']): Suspicion {
  const { node } = placed
  const value = workMem(kB)
  const relation = firstRelation(node)
  return suspect(what, {
    ...(relation === undefined ? {} : { relation }),
    message: `${nodeName(node)} did not fit into work_mem and went to disk`,
    evidence: { node: nodeName(node), ...evidence },
    fix: `SET LOCAL work_mem = '${value}' in the transaction that runs it, or an index that gives the rows in this order`,
    trial: { kind: 'settings', settings: { work_mem: value } },
  })
}

/** Sorts, hashes and bitmaps for which work_mem was too small. */
export function memoryFindings(nodes: PlacedNode[]): Suspicion[] {
  return nodes.flatMap((placed): Suspicion[] => {
    const { node } = placed
    const [diskKb, batches] = [node['Sort Space Used'] ?? 0, node['Hash Batches'] ?? 1]
    if (node['Sort Space Type'] === 'Disk')
      return [
        spilled('sort-spilled', placed, diskKb * MEMORY_PER_DISK, {
          diskKb,
          sortKey: node['Sort Key'] ?? [],
        }),
      ]
    if (node['Node Type'] === 'Hash' && batches > 1) {
      const peakKb = node['Peak Memory Usage'] ?? 0
      return [spilled('hash-spilled', placed, peakKb * batches * 2, { batches, peakMemoryKb: peakKb })]
    }
    if (
      (node['HashAgg Batches'] ?? 0) > 1 ||
      (node['Node Type'] === 'Aggregate' && (node['Disk Usage'] ?? 0) > 0)
    ) {
      const used = node['Disk Usage'] ?? 0
      const peakKb = node['Peak Memory Usage'] ?? 0
      return [
        spilled('hash-spilled', placed, (used + peakKb) * MEMORY_PER_DISK, {
          diskKb: used,
          peakMemoryKb: peakKb,
        }),
      ]
    }
    return lossy(placed)
  })
}

function lossy({ node }: PlacedNode): Suspicion[] {
  const rechecked = (node['Rows Removed by Index Recheck'] ?? 0) * (node['Actual Loops'] ?? 1)
  const [blocks, exact] = [node['Lossy Heap Blocks'] ?? 0, node['Exact Heap Blocks'] ?? 0]
  if (blocks === 0 || rechecked < RECHECKED_ROWS_MIN) return []
  const relation = relationOf(node)
  // A bitmap of exact places takes some bytes for each page; four times as much is safe.
  const value = workMem(4 * 1_024 * Math.ceil((blocks + exact) / (exact + 1)))
  return [
    suspect('bitmap-lossy', {
      ...(relation === undefined ? {} : { relation }),
      message: `the bitmap did not fit into work_mem: ${blocks} pages were kept whole and ${rechecked} rows of them checked again`,
      evidence: { node: nodeName(node), lossyBlocks: blocks, exactBlocks: exact, recheckedRows: rechecked },
      fix: `SET LOCAL work_mem = '${value}' in the transaction that runs it`,
      trial: { kind: 'settings', settings: { work_mem: value } },
    }),
  ]
}
