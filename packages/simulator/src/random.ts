/**
 * Numbers that repeat for the same seed and label (sfc32, seeded with 64 bits): for choices of a simulation, never for
 * secrets. Each subsystem draws from a fork of its own, so that one more draw here moves nothing there.
 */
export class Random {
  readonly #seed: bigint
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(seed: bigint, label = '') {
    this.#seed = BigInt.asUintN(64, seed)
    const [low, high] = [Number(this.#seed & 0xffff_ffffn), Number(this.#seed >> 32n)]
    this.#a = hashText(label, low)
    this.#b = hashText(label, high ^ 0x9e37_79b9)
    this.#c = hashText(label, low ^ high ^ 0x85eb_ca6b)
    // The first numbers after a weak seed look alike.
    for (let warmUp = 0; warmUp < 12; warmUp++) this.#draw()
  }

  /** An independent stream for a subsystem. */
  fork(label: string): Random {
    return new Random(this.#seed, label)
  }

  /** The next number in [0, 1). */
  next = (): number => this.#draw() / 4_294_967_296

  /** A whole number from `low` through `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  /** True with a probability. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One of a list. */
  pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.next() * from.length)]
    if (picked === undefined) throw new RangeError('nothing to pick from')
    return picked
  }

  /** A waiting time whose mean is `meanMs`, ms. */
  wait(meanMs: number): number {
    return Math.round(-Math.log(1 - this.next()) * meanMs)
  }

  #draw(): number {
    const mixed = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + mixed) | 0
    return mixed >>> 0
  }
}

/** 32 bits of a text and a seed (FNV-1a, then mixed). */
function hashText(text: string, seed: number): number {
  let hash = 0x811c_9dc5 ^ seed
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * A throw of dice that belongs to a name: the same seed and name always fall the same way, whatever else was thrown
 * before. So a fault that is left out of a run leaves the others where they were.
 */
export function dieOf(seed: number, name: string): number {
  return hashText(name, seed) / 4_294_967_296
}
