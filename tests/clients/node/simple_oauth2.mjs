import { serve } from './serve.mjs'
import { ClientCredentials } from 'simple-oauth2'

serve(async (ask) => {
  const endpoint = new URL(ask.token_endpoint)
  const client = new ClientCredentials({
    client: { id: ask.client_id, secret: ask.client_secret },
    auth: { tokenHost: endpoint.origin, tokenPath: endpoint.pathname },
    options: { authorizationMethod: ask.way === 'post' ? 'body' : 'header' },
  })
  const { token } = await client.getToken({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: ask.subject_token,
    subject_token_type: ask.subject_token_type,
    audience: ask.audience,
    scope: ask.scope,
    ...ask.actor,
  })
  return token
})
