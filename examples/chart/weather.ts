// What the chart shows: a year of made temperatures, one every five minutes.
import { f64, open } from 'stoa'

const ROWS = 105_120
const MINUTES_5 = 300 // seconds, as uPlot counts time

/** Fills a new store; one that has the rows stays as it is. */
export async function fillWeather(path: string): Promise<void> {
  using store = open(path)
  const weather = store.table('weather', { ts: f64, temperature: f64 })
  if (weather.length > 0) return
  const start = Date.UTC(2025, 0, 1) / 1000
  let noise = 0
  for (let i = 0; i < ROWS; i++) {
    const day = i / 288
    const season = -10 * Math.cos((2 * Math.PI * day) / 365)
    const hour = -4 * Math.cos(2 * Math.PI * day)
    noise = 0.99 * noise + 0.4 * Math.sin(i * i) // a walk that comes back
    weather.push({ ts: start + i * MINUTES_5, temperature: 10 + season + hour + noise })
  }
  await store.commit()
}
