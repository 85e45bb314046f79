// Goal: the chart's server sends the bytes of the columns as they are, and a browser draws what the store holds.
// Method: the example in a process of its own; its answers compared with the store; its page in a browser without a window,
// the drawn pixels and the values under the mouse compared with the store.
import test, { type ExecutionContext } from 'ava'
import { open } from '../src/index.ts'
import { chromium, Page } from './support/chromium.ts'
import { storePath } from './support/directory.ts'
import { startExample } from './support/examples.ts'
import { needing } from './support/needs.ts'

interface Weather {
  readonly ts: Float64Array
  readonly temperature: Float64Array
}

/** Starts the server for one test: its address, and what its store holds. */
async function serve(t: ExecutionContext): Promise<{ url: string; path: string; weather: Weather }> {
  const path = storePath(t)
  const server = startExample('chart/server.ts', path, '--port', '0')
  t.teardown(() => server.kill())
  const url = await server.line()
  const store = open(path, { access: 'read' })
  t.teardown(() => store.close())
  return { url, path, weather: store.table('weather').arrays as unknown as Weather }
}

test('the server of the chart sends the bytes of a column, and those of the next commit', async (t) => {
  const { url, path, weather } = await serve(t)
  const column = async (name: string): Promise<Float64Array> =>
    new Float64Array(await (await fetch(`${url}columns/${name}`)).arrayBuffer())
  t.is(weather.ts.length, 105_120)
  t.deepEqual(await column('ts'), Float64Array.from(weather.ts))
  t.deepEqual(await column('temperature'), Float64Array.from(weather.temperature))

  const writer = open(path)
  writer.table('weather').push({ ts: 1, temperature: -40 })
  writer.close()
  t.is((await column('temperature')).at(-1), -40)
})

test('the server of the chart sends no file and no column but those of the page', async (t) => {
  const { url } = await serve(t)
  for (const path of ['columns/none', 'columns/__proto__', 'columns/', 'server.ts', '..%2fpackage.json']) {
    t.is((await fetch(`${url}${path}`)).status, 404, path)
  }
})

const testInBrowser = needing('a browser: chromium, chromium-browser or google-chrome', chromium !== undefined)

testInBrowser('uPlot draws the columns of the store', async (t) => {
  const { url, weather } = await serve(t)
  const page = await Page.open(t, url)
  await page.until(`document.querySelector('.u-over')`)

  // Of each month: where the line is drawn, on average, in shares of the height from the bottom.
  const heights = await page.evaluate<number[]>(`(() => {
    const canvas = document.querySelector('canvas')
    const { left, top, width, height } = document.querySelector('.u-over').getBoundingClientRect()
    const from = canvas.getBoundingClientRect()
    const { data } = canvas.getContext('2d').getImageData(left - from.left, top - from.top, width, height)
    return Array.from({ length: 12 }, (_, month) => {
      let sum = 0
      let count = 0
      for (let y = 0; y < height; y++) {
        for (let x = Math.ceil((month * width) / 12); x < ((month + 1) * width) / 12; x++) {
          const at = (y * Math.floor(width) + x) * 4
          if (data[at] - data[at + 2] < 100) continue // red, not the grid
          sum += 1 - y / height
          count++
        }
      }
      return sum / count
    })
  })()`)
  const months = Array.from({ length: 12 }, (_, month) => {
    const from = Math.floor((month * weather.ts.length) / 12)
    const part = weather.temperature.subarray(from, from + weather.ts.length / 12)
    return part.reduce((sum, degrees) => sum + degrees, 0) / part.length
  })
  // The height grows with the temperature, evenly.
  const perDegree = (heights[6]! - heights[0]!) / (months[6]! - months[0]!)
  t.true(perDegree > 0.01, `${heights.join(' ')}`)
  for (const [month, degrees] of months.entries()) {
    const expected = heights[0]! + (degrees - months[0]!) * perDegree
    t.true(Math.abs(heights[month]! - expected) < 0.01, `month ${month}: ${heights[month]} for ${expected}`)
  }

  // The legend tells the row under the mouse.
  const over = await page.evaluate<{ x: number; y: number; width: number }>(
    `document.querySelector('.u-over').getBoundingClientRect().toJSON()`,
  )
  for (const share of [0.1, 0.5, 0.9]) {
    await page.moveMouse(over.x + over.width * share, over.y + 10)
    const [time, degrees] = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll('.u-value'), (value) => value.textContent)`,
    )
    const row = weather.ts.findIndex((seconds) => legendTime(seconds) === time)
    t.true(Math.abs(row / weather.ts.length - share) < 0.01, `${time}`)
    t.is(degrees, `${weather.temperature[row]!.toFixed(1)} °C`)
  }
})

/** As uPlot writes it: 2025-02-06 1:05pm. */
function legendTime(seconds: number): string {
  const [date, time] = new Date(seconds * 1000).toISOString().split('T') as [string, string]
  const hour = Number(time.slice(0, 2))
  return `${date} ${hour % 12 || 12}:${time.slice(3, 5)}${hour < 12 ? 'am' : 'pm'}`
}
