// One job as JSON on the standard input, its outcome as JSON on the standard output.
import { readFileSync } from 'node:fs'

export async function job(jobs) {
  const { name, ...given } = JSON.parse(readFileSync(0, 'utf8'))
  try {
    process.stdout.write(JSON.stringify({ got: (await jobs[name](given)) ?? null }))
  } catch (error) {
    const { responseCode, responseText } = error
    process.stdout.write(JSON.stringify({ error: error.name, message: error.message, responseCode, responseText }))
  }
}
