// Makes files that are no longer what they were, from the seed, and tells what it finds in each, as `look.ts` does.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hostileFile } from '../support/hostile-file.ts'
import { Random } from '../support/seed.ts'

const [folder, seed, count, ...good] = process.argv.slice(2) as [string, string, string, ...string[]]
const random = new Random(Number(seed))
const stores = good.map((path) => readFileSync(path))
for (let file = 0; file < Number(count); file++)
  writeFileSync(join(folder, `${file}.stoa`), hostileFile(stores, random))
