// Sparks that fly, fall and go out: a bitECS world that survives its process. Run it, or kill it, and run it again: it goes on.
//
//   node --import @oxc-node/core/register examples/world/world.ts world.stoa --ticks 300
import { writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { addComponent, addEntity, query, removeEntity } from 'bitecs'
import { f32, open, u16, u32 } from 'stoa'
import { persistentWorld } from './persistent.ts'

const TICKS_PER_COMMIT = 10
const BORN_PER_TICK = 5

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { ticks: { type: 'string', default: '300' } },
})
using store = open(positionals[0] ?? 'world.stoa')
const world = persistentWorld(store, {
  Position: { x: f32, y: f32 },
  Velocity: { dx: f32, dy: f32 },
  Heat: { left: u16 },
})
const { Position, Velocity, Heat } = world
const clock = store.table('clock', { tick: u32 })
if (clock.length === 0) clock.push({ tick: 0 })
const start = clock.at(0)!.tick
console.log(`at tick ${start}: ${query(world, [Heat]).length} sparks`)

for (let tick = start + 1; tick <= start + Number(values.ticks); tick++) {
  bear(tick)
  fly()
  cool()
  clock.set(0, { tick })
  if (tick % TICKS_PER_COMMIT !== 0) continue
  await store.commit()
  writeSync(1, `tick ${tick}: ${query(world, [Heat]).length} sparks\n`)
}

function bear(tick: number): void {
  for (let i = 0; i < BORN_PER_TICK; i++) {
    const spark = addEntity(world)
    for (const component of [Position, Velocity, Heat]) addComponent(world, spark, component)
    const turn = (tick * BORN_PER_TICK + i) * 2.4 // the golden angle, nearly: all directions in turn
    Position.x[spark] = 0
    Position.y[spark] = 0
    Velocity.dx[spark] = Math.cos(turn)
    Velocity.dy[spark] = Math.sin(turn)
    Heat.left[spark] = 50 + ((tick * 7 + i * 13) % 100)
  }
}

function fly(): void {
  // Taken once a tick: an array from before the table grew stays valid, and stays short.
  const { x, y } = Position
  const { dx, dy } = Velocity
  for (const spark of query(world, [Position, Velocity])) {
    dy[spark]! -= 0.02
    x[spark]! += dx[spark]!
    y[spark]! += dy[spark]!
  }
}

function cool(): void {
  const { left } = Heat
  for (const spark of query(world, [Heat])) if (left[spark]!-- === 0) removeEntity(world, spark)
}
