// XXH3 with 64 bits for inputs of more than 16 bytes, in its simplest form: to seal what a test has changed. The algorithm
// is described in https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.

const MASK = (1n << 64n) - 1n
const PRIME32 = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn] as const
const PRIME64 = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const
const PRIME_MX1 = 0x165667919e3779f9n
const SECRET = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
)
const STRIPE_BYTES = 64
const BLOCK_BYTES = 1024
const STRIPES_OF_A_BLOCK = BLOCK_BYTES / STRIPE_BYTES
const SHORT_BYTES = 128
const MIDDLE_BYTES = 240

function fold(a: bigint, b: bigint): bigint {
  const product = a * b
  return (product & MASK) ^ (product >> 64n)
}

function avalanche(hash: bigint): bigint {
  const mixed = ((hash ^ (hash >> 37n)) * PRIME_MX1) & MASK
  return mixed ^ (mixed >> 32n)
}

function mix(bytes: Buffer, at: number, secretAt: number, seed: bigint): bigint {
  const low = bytes.readBigUInt64LE(at) ^ ((SECRET.readBigUInt64LE(secretAt) + seed) & MASK)
  const high = bytes.readBigUInt64LE(at + 8) ^ ((SECRET.readBigUInt64LE(secretAt + 8) - seed) & MASK)
  return fold(low, high)
}

function short(bytes: Buffer, seed: bigint): bigint {
  let sum = BigInt(bytes.length) * PRIME64[0]
  for (let part = (bytes.length - 1) >> 5; part >= 0; part--) {
    sum += mix(bytes, part * 16, part * 32, seed)
    sum += mix(bytes, bytes.length - 16 * (part + 1), part * 32 + 16, seed)
  }
  return avalanche(sum & MASK)
}

function middle(bytes: Buffer, seed: bigint): bigint {
  let sum = BigInt(bytes.length) * PRIME64[0]
  const rounds = bytes.length >> 4
  for (let round = 0; round < 8; round++) sum += mix(bytes, round * 16, round * 16, seed)
  sum = avalanche(sum & MASK)
  for (let round = 8; round < rounds; round++) sum += mix(bytes, round * 16, (round - 8) * 16 + 3, seed)
  sum += mix(bytes, bytes.length - 16, 136 - 17, seed)
  return avalanche(sum & MASK)
}

function secretFor(seed: bigint): Buffer {
  const secret = Buffer.from(SECRET)
  for (let at = 0; at < secret.length; at += 16) {
    secret.writeBigUInt64LE((SECRET.readBigUInt64LE(at) + seed) & MASK, at)
    secret.writeBigUInt64LE((SECRET.readBigUInt64LE(at + 8) - seed) & MASK, at + 8)
  }
  return secret
}

function accumulate(sums: BigUint64Array, bytes: Buffer, at: number, secret: Buffer, secretAt: number): void {
  for (let lane = 0; lane < sums.length; lane++) {
    const value = bytes.readBigUInt64LE(at + lane * 8)
    const key = value ^ secret.readBigUInt64LE(secretAt + lane * 8)
    sums[lane ^ 1] = (sums[lane ^ 1] as bigint) + value
    sums[lane] = (sums[lane] as bigint) + (key & 0xffff_ffffn) * (key >> 32n)
  }
}

function long(bytes: Buffer, seed: bigint): bigint {
  const secret = secretFor(seed)
  const [, p2, p3, p4, p5] = PRIME64
  const sums = BigUint64Array.of(PRIME32[2], PRIME64[0], p2, p3, p4, PRIME32[1], p5, PRIME32[0])
  const stripes = Math.floor((bytes.length - 1) / STRIPE_BYTES)
  for (let stripe = 0; stripe < stripes; stripe++) {
    const place = stripe % STRIPES_OF_A_BLOCK
    accumulate(sums, bytes, stripe * STRIPE_BYTES, secret, place * 8)
    // The last block is not scrambled unless more follows it.
    if (place === STRIPES_OF_A_BLOCK - 1 && (stripe + 1) * STRIPE_BYTES < bytes.length) {
      for (let lane = 0; lane < sums.length; lane++) {
        const sum = sums[lane] as bigint
        const key = secret.readBigUInt64LE(secret.length - STRIPE_BYTES + lane * 8)
        sums[lane] = (sum ^ (sum >> 47n) ^ key) * PRIME32[0]
      }
    }
  }
  accumulate(sums, bytes, bytes.length - STRIPE_BYTES, secret, secret.length - STRIPE_BYTES - 7)
  let sum = BigInt(bytes.length) * PRIME64[0]
  for (let pair = 0; pair < 4; pair++) {
    const low = (sums[pair * 2] as bigint) ^ secret.readBigUInt64LE(11 + pair * 16)
    const high = (sums[pair * 2 + 1] as bigint) ^ secret.readBigUInt64LE(11 + pair * 16 + 8)
    sum += fold(low, high)
  }
  return avalanche(sum & MASK)
}

/** The checksum of more than 16 bytes. */
export function xxh3(bytes: Buffer, seed = 0n): bigint {
  if (bytes.length <= 16) throw new RangeError(`the checksum of ${bytes.length} bytes is not made here`)
  if (bytes.length <= SHORT_BYTES) return short(bytes, seed)
  if (bytes.length <= MIDDLE_BYTES) return middle(bytes, seed)
  return long(bytes, seed)
}
