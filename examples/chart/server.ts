// A chart of two columns in the browser. The server sends the bytes of a column as they lie in the file; in the browser they
// are a typed array again, which is what uPlot draws: nothing is parsed, neither here nor there.
//
//   node --import @oxc-node/core/register examples/chart/server.ts weather.stoa --port 8080
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { f64, open } from 'stoa'
import { fillWeather } from './weather.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '8080' } },
})
const path = positionals[0] ?? 'weather.stoa'
await fillWeather(path)

const store = open(path, { access: 'read' })
const weather = store.table('weather', { ts: f64, temperature: f64 })

const uplot = new URL('./', import.meta.resolve('uplot'))
const files: Record<string, [type: string, url: URL]> = {
  '/': ['text/html', new URL('page.html', import.meta.url)],
  '/uplot.js': ['text/javascript', new URL('uPlot.esm.js', uplot)],
  '/uplot.css': ['text/css', new URL('uPlot.min.css', uplot)],
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const file = files[pathname]
  if (file !== undefined) return response.setHeader('content-type', file[0]).end(readFileSync(fileURLToPath(file[1])))
  store.refresh() // the newest commit
  const name = /^\/columns\/(\w+)$/.exec(pathname)?.[1] as keyof typeof weather.columns | undefined
  if (name === undefined || !(name in weather.schema)) return response.writeHead(404).end('there is no such column')
  const { buffer, byteOffset, byteLength } = weather.columns[name].data
  return response.setHeader('content-type', 'application/octet-stream').end(Buffer.from(buffer, byteOffset, byteLength))
})
server.listen(Number(values.port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
})
