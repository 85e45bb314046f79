import type { ExecutionContext } from 'ava'

/** Random numbers that can be played again: `STOA_SEED=… npx ava …`. */
export class Random {
  readonly seed: number
  #state: number

  constructor(seed: number) {
    this.seed = seed
    this.#state = seed >>> 0
  }

  /** Prints the seed, so that a failure can be played again. */
  static of(t: ExecutionContext<unknown>): Random {
    const seed = Number(process.env['STOA_SEED'] ?? (Math.random() * 2 ** 32) >>> 0)
    t.log(`STOA_SEED=${seed}`)
    return new Random(seed)
  }

  /** A whole number from 0 up to, not including, `limit` (mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}
