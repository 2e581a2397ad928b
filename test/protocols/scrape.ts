/** One value of a scrape, with its labels. */
export interface Scraped {
  name: string
  labels: Record<string, string>
  value: number
}

/** Reads the text format of Prometheus as far as these tests need it: promtool judges the rest. */
export function readScrape(text: string): Scraped[] {
  return text.split('\n').flatMap((line): Scraped[] => {
    const found = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (found === null) return []
    const [, name = '', inner = '', value = ''] = found
    const pairs = [...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key!, text!])
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }]
  })
}

/** The value with this name and exactly these labels; undefined where there is none. */
export function valueOf(
  scraped: Scraped[],
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const entries = Object.entries(labels)
  return scraped.find(
    (one) =>
      one.name === name &&
      Object.keys(one.labels).length === entries.length &&
      entries.every(([key, value]) => one.labels[key] === value),
  )?.value
}
