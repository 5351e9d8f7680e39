// One exchange with an unmodified openid-client. Reads its wishes as JSON from
// stdin; prints what an application would see as one JSON object.
import * as oidc from 'openid-client'

async function readAll(stream) {
  const pieces = []
  for await (const piece of stream) pieces.push(piece)
  return JSON.parse(Buffer.concat(pieces).toString())
}

const wish = await readAll(process.stdin)
const ways = { default: undefined, basic: oidc.ClientSecretBasic(wish.secret), post: oidc.ClientSecretPost(wish.secret) }

try {
  const config = await oidc.discovery(new URL(wish.issuer), wish.client_id, wish.secret, ways[wish.way], {
    algorithm: wish.algorithm,
    execute: [oidc.allowInsecureRequests],
  })
  const answer = await oidc.genericGrantRequest(config, wish.grant_type, wish.parameters)
  console.log(JSON.stringify({ ok: true, answer }))
} catch (error) {
  // What the library surfaces, and nothing that it would have to be asked for.
  console.log(JSON.stringify({
    ok: false, name: error.name, message: error.message, code: error.code, error: error.error,
    error_description: error.error_description, status: error.status,
    challenges: Array.isArray(error.cause) ? error.cause : undefined,
    stack: error.stack,
  }))
}
