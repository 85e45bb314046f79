// Every trial, in the order of the report. A trial is one file that asks one question.
import type { Trial } from '../trial.ts'
import { commitHundred } from './commit-hundred.ts'
import { commitOne } from './commit-one.ts'
import { growth } from './growth.ts'
import { importParquet } from './import-parquet.ts'
import { loadColumns } from './load-columns.ts'
import { loadRows } from './load-rows.ts'
import { open } from './open.ts'
import { push } from './push.ts'
import { pushLiteral } from './push-literal.ts'
import { scan } from './scan.ts'
import { scattered } from './scattered.ts'
import { readRows } from './read-rows.ts'
import { readRandomRows } from './read-random-rows.ts'
import { pushMixed } from './push-mixed.ts'
import { pushText } from './push-text.ts'
import { sum } from './sum.ts'
import { openSum } from './open-sum.ts'
import { memory } from './memory.ts'
import { collections } from './collections.ts'
import { fileSize } from './file-size.ts'
import { importing } from './import.ts'
import { filter } from './filter.ts'
import { sort } from './sort.ts'
import { updates } from './updates.ts'

export const trials: readonly Trial[] = [
  loadRows,
  loadColumns,
  openSum,
  scan,
  sum,
  filter,
  readRandomRows,
  readRows,
  updates,
  scattered,
  commitOne,
  commitHundred,
  fileSize,
  memory,
  collections,
  importing,
  open,
  growth,
  push,
  pushLiteral,
  pushMixed,
  pushText,
  sort,
  importParquet,
]
