// A strict client of any OAuth server.
import * as oauth from 'oauth4webapi'
import { job } from './job.mjs'

await job({
  token_exchange: async (given) => {
    const server = { issuer: given.url, token_endpoint: `${given.url}/token` }
    const proof = { basic: oauth.ClientSecretBasic, post: oauth.ClientSecretPost }[given.way](given.client_secret)
    const client = { client_id: given.client_id }
    const answer = await oauth.genericTokenEndpointRequest(
      server, client, proof, 'urn:ietf:params:oauth:grant-type:token-exchange',
      new URLSearchParams(given.parameters), { [oauth.allowInsecureRequests]: true })
    return oauth.processGenericTokenEndpointResponse(server, client, answer)
  },
})
