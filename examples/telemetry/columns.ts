import { f64, timestamp } from 'stoa'

export const MILLISECONDS_PER_SAMPLE = 10

export const columns = {
  at: timestamp,
  late: f64, // milliseconds by which a timer fired late
  heap: f64, // MiB of JavaScript's heap
}
