/** Strokes on a grid of 16: shown beside a word, so that color is never the only sign. */
const PATHS = {
  alarm: 'M8 2.5a4.5 4.5 0 0 1 4.5 4.5v3l1.2 2H2.3l1.2-2V7A4.5 4.5 0 0 1 8 2.5ZM6.5 14h3',
  arrow: 'M3 8h10M9 4l4 4-4 4',
  bolt: 'M9 1.5 3.5 9H8l-1 5.5L12.5 7H8Z',
  check: 'm2.5 8.5 3.5 3.5 7.5-8',
  clock: 'M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8ZM8 4.5V8l2.5 1.7',
  close: 'm3.5 3.5 9 9m0-9-9 9',
  dot: 'M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z',
  database:
    'M2.8 4c0-1.2 2.3-2.2 5.2-2.2s5.2 1 5.2 2.2-2.3 2.2-5.2 2.2S2.8 5.2 2.8 4Zm0 0v8c0 1.2 2.3 2.2 5.2 2.2s5.2-1 5.2-2.2V4M2.8 8c0 1.2 2.3 2.2 5.2 2.2s5.2-1 5.2-2.2',
  flask: 'M6 1.8h4M6.8 1.8v4.4L2.9 13a.9.9 0 0 0 .8 1.3h8.6a.9.9 0 0 0 .8-1.3L9.2 6.2V1.8M4.7 10h6.6',
  gear: 'M8 5.4a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2ZM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4',
  hand: 'M4.5 9V5a1 1 0 0 1 2 0V3.2a1 1 0 0 1 2 0v.6a1 1 0 0 1 2 0V5a1 1 0 0 1 2 0v4.5a4.5 4.5 0 0 1-8.3 2.4L2.6 9.6a1 1 0 0 1 1.6-1.1Z',
  inbox: 'M2 9.5 4 3h8l2 6.5v3.5H2Zm0 0h3.5l1 1.8h3l1-1.8H14',
  ladder: 'M5 1.5v13M11 1.5v13M5 4.5h6M5 8h6M5 11.5h6',
  moon: 'M13 9.7A5.6 5.6 0 0 1 6.3 3 5.6 5.6 0 1 0 13 9.7Z',
  org: 'M6 2h4v3H6ZM1.5 11h4v3h-4ZM10.5 11h4v3h-4ZM8 5v3M3.5 11V8h9v3',
  pause: 'M5 3v10M11 3v10',
  person: 'M8 2.2a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2ZM2.8 14a5.2 5.2 0 0 1 10.4 0',
  play: 'M4.5 2.5 13 8l-8.5 5.5Z',
  plus: 'M8 2.5v11M2.5 8h11',
  queue: 'M2 3.5h12M2 8h12M2 12.5h8',
  search: 'M7 2.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6Zm3.5 8.3 3.7 3.7',
  sun: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  system: 'M2 3h12v8H2ZM6 14h4M8 11v3',
  up: 'M8 13.5v-11M3.5 7 8 2.5 12.5 7',
  warning: 'M8 2 14.5 13.5h-13ZM8 6.5v3.2M8 11.6v.4',
} as const

/** The name of a picture. */
export type IconName = keyof typeof PATHS

/** A small picture beside a word; it says nothing by itself, so readers of a screen pass it. */
export function Icon({ name, className = '' }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      aria-hidden="true"
      className={`size-[1.1em] shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
