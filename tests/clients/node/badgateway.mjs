import { serve } from './serve.mjs'
import { OAuth2Client } from '@badgateway/oauth2-client'

serve(async (ask) => {
  const client = new OAuth2Client({
    server: ask.issuer,
    clientId: ask.client_id,
    clientSecret: ask.client_secret,
    authenticationMethod: { basic: undefined, post: 'client_secret_post' }[ask.way],
  })
  return client.request('tokenEndpoint', {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: ask.subject_token,
    subject_token_type: ask.subject_token_type,
    audience: ask.audience,
    scope: ask.scope,
    ...ask.actor,
  })
})
