// Goal: the table of runtimes counts what a run told, and a run that broke off does not look whole.
// Method: lines as ava writes them.
import test from 'ava'
import { readTap } from '../scripts/runtimes/tap.ts'

const LINES = [
  'TAP version 13',
  'ok 1 - a › one',
  '#   STOA_SEED=5',
  'not ok 2 - a › two # of three',
  '  ---',
  '    message: not ok 7 - no test',
  '  ...',
  'ok 3 - b › three # SKIP',
]

test('tests that passed, failed and were skipped are told apart, by lines of their own', (t) => {
  t.deepEqual(readTap([...LINES, '', '1..3', '# tests 3'].join('\n')), {
    passed: 1,
    failures: ['a › two # of three'],
    skipped: ['b › three'],
    planned: 3,
  })
})

test('a run that broke off has no plan', (t) => {
  t.is(readTap(LINES.join('\n')).planned, undefined)
})
