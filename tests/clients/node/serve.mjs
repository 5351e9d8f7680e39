// One ask a line on stdin, one line on stdout with what the caller of a library holds.
import { createInterface } from 'node:readline'

/** Every text and number on an error, of what it wraps too. */
function strings(thing, depth = 4, found = []) {
  if (typeof thing === 'string' || typeof thing === 'number') found.push(String(thing))
  else if (thing && typeof thing === 'object' && depth) {
    if (thing.cause) strings(thing.cause, depth - 1, found)
    for (const member of Object.values(thing)) strings(member, depth - 1, found)
  }
  return found
}

export async function serve(get) {
  for await (const line of createInterface({ input: process.stdin })) {
    const told = await get(JSON.parse(line)).catch((error) => ({
      refused: { message: String(error.message ?? error), more: strings(error) },
    }))
    console.log(JSON.stringify(told))
  }
}
