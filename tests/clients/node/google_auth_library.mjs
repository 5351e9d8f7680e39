import { serve } from './serve.mjs'
import { ExternalAccountClient } from 'google-auth-library'

serve(async (ask) => {
  const client = ExternalAccountClient.fromJSON({
    type: 'external_account',
    token_url: ask.token_endpoint,
    client_id: ask.client_id,
    client_secret: ask.client_secret,
    audience: ask.audience,
    subject_token_type: ask.subject_token_type,
    credential_source: { file: ask.token_file },
    eagerRefreshThresholdMillis: 30_000,
  })
  client.scopes = [ask.scope]
  const { token } = await client.getAccessToken()
  const { data } = await client.request({ url: ask.target_url })
  return { access_token: token, seen: data }
})
