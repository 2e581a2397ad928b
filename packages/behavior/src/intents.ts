import type { AgentCard, DirectoryAgent } from '@esa/org'
import type { Mind, TaskAbout } from './mind.ts'

/** Something that an agent can answer: a task of its own, a fact about it, or what its card makes it responsible for. */
export interface Intent {
  /** Unique for its agent: `schema`, `about:metrics`, `responsibility-2`. */
  id: string
  kind: 'task' | 'fact' | 'responsibility' | 'collaboration'
  about: string
  /** Words that ask for it, in small letters. */
  words: readonly string[]
  /** Fields of a task's data that it cannot do without. */
  needs: readonly string[]
}

/** Which intent a question means, by what words; null when it is none of them. */
export interface Routed {
  intent: Intent | null
  matched: string[]
  /** What it could have been as well, the likeliest first. */
  others: Intent[]
}

/** Facts that anybody may ask of any agent, and the words that ask for them. */
const FACTS: Record<string, [about: string, words: string]> = {
  'about:metrics': ['what it promises', 'promise promises promised kpi success'],
  'about:escalation': [
    'to whom its incidents go, and when',
    'escalate escalates escalation ladder chief boss report reports',
  ],
  'about:load': ['how much it has to do', 'busy load overloaded workload inbox'],
  'about:tasks': ['what it can answer', 'help can abilities skills ask'],
}

/** Words that say nothing about what is meant. */
const STOP = new Set(
  (
    'a an and are as at be but by can could do does for from has have how i in is it its me my of on or our should so that ' +
    'the their them there they this to us we what when where which who why will with would you your please tell show give ' +
    'let not no any all each every one than then into over under before after about between'
  ).split(' '),
)

/** Other readings of a question that are shown. */
const OTHERS_MAX = 3

/** Everything that an agent can answer: its own tasks first, then facts, then what its card says. */
export function intentsOf({ card }: Pick<DirectoryAgent, 'card'>, { tasks = {} }: Mind): Intent[] {
  const own = Object.entries(tasks).map(([id, task]): Intent => ofTask(id, task))
  const facts = Object.entries(FACTS).map(([id, [about, words]]): Intent => ({
    id,
    kind: 'fact',
    about,
    words: words.split(' '),
    needs: [],
  }))
  return [...own, ...facts, ...(card === null ? [] : ofCard(card))]
}

function ofTask(id: string, { about, words, needs }: TaskAbout): Intent {
  return { id, kind: 'task', about, words: [...new Set([...wordsOf(id), ...words])], needs }
}

function ofCard({ responsibilities, collaboration }: AgentCard): Intent[] {
  return [
    ...responsibilities.map((about, nth): Intent => ({
      id: `responsibility-${nth + 1}`,
      kind: 'responsibility',
      about,
      words: wordsOf(about),
      needs: [],
    })),
    ...collaboration.map((line, nth): Intent => ({
      id: `collaboration-${nth + 1}`,
      kind: 'collaboration',
      about: `with ${line.with.join(', ')}: ${line.purpose}`,
      words: wordsOf(line.purpose),
      needs: [],
    })),
  ]
}

/** What is looked at first: a card's prose shares a word with almost any question, and decides only where nothing else fits. */
const TIERS: readonly Intent['kind'][][] = [
  ['task', 'fact'],
  ['responsibility', 'collaboration'],
]

/**
 * Finds what a question means by the words that it shares with each intent; rare words weigh more, because a word that
 * every intent has tells none apart. The earlier intent wins a tie. Without a model.
 */
export function routeQuestion(question: string, intents: readonly Intent[]): Routed {
  const asked = wordsOf(question)
  for (const kinds of TIERS) {
    const routed = routeWithin(
      asked,
      intents.filter(({ kind }) => kinds.includes(kind)),
    )
    if (routed.intent !== null) return routed
  }
  return { intent: null, matched: [], others: [] }
}

function routeWithin(asked: readonly string[], intents: readonly Intent[]): Routed {
  const has = ({ words }: Intent, word: string): boolean => words.some((other) => sameWord(word, other))
  const rarity = (word: string): number => 1 / intents.filter((intent) => has(intent, word)).length
  const ranked = intents
    .map((intent) => {
      const matched = asked.filter((word) => has(intent, word))
      return { intent, matched, score: matched.reduce((sum, word) => sum + rarity(word), 0) }
    })
    .filter(({ matched }) => matched.length > 0)
    .toSorted((a, b) => b.score - a.score)
  const [best, ...rest] = ranked
  const others = rest.slice(0, OTHERS_MAX).map(({ intent }) => intent)
  return { intent: best?.intent ?? null, matched: best?.matched ?? [], others }
}

/** The words of a text that may mean something, in small letters, each once. */
function wordsOf(text: string): string[] {
  const found = text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? []
  return [...new Set(found)].filter((word) => !STOP.has(word))
}

/** `index` is `indexes`, `query` is `queries`: the same up to an English ending. */
function sameWord(one: string, other: string): boolean {
  return stem(one) === stem(other)
}

function stem(word: string): string {
  return word
    .replace(/ies$/, 'y')
    .replace(/(x|s|ch|sh)es$/, '$1')
    .replace(/([^s])s$/, '$1')
}
