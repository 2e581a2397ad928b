import type { ReactNode } from 'react'

/** A column: its heading, and what a row has in it. */
interface Column<Row> {
  head: string
  cell: (row: Row) => ReactNode
  /** Names the row for screen readers. */
  names?: boolean
  numeric?: boolean
}

interface DataTableProps<Row> {
  /** What the table shows; heard, and seen where nothing above it says so. */
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
}

/** A table that scrolls by itself where the page is narrow, so that the page does not. */
export function DataTable<Row>({ caption, columns, rows, keyOf }: DataTableProps<Row>) {
  return (
    // A region that scrolls has to be reachable without a mouse.
    <div
      role="region"
      aria-label={caption}
      tabIndex={0}
      className="overflow-x-auto rounded-md border bg-surface"
    >
      <table className="w-full border-collapse">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b bg-raised text-sm text-muted">
            {columns.map(({ head, numeric }) => (
              <th
                key={head}
                scope="col"
                className={`px-3 py-1.5 whitespace-nowrap ${numeric === true ? 'text-right' : ''}`}
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className="border-b align-top last:border-b-0">
              {columns.map(({ head, cell, names, numeric }) => {
                const place = `px-3 py-1.5 ${numeric === true ? 'figures text-right whitespace-nowrap' : ''}`
                return names === true ? (
                  <th key={head} scope="row" className={`${place} font-medium`}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={head} className={place}>
                    {cell(row)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
