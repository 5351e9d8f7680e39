import { serve } from './serve.mjs'
import * as oidc from 'openid-client'

serve(async (ask) => {
  const way = { post: oidc.ClientSecretPost, basic: oidc.ClientSecretBasic }[ask.way]
  const config = await oidc.discovery(new URL(ask.issuer), ask.client_id, ask.client_secret, way?.(ask.client_secret), {
    algorithm: ask.way === 'oidc' ? 'oidc' : 'oauth2',
    execute: [oidc.allowInsecureRequests], // http on loopback only
  })
  return oidc.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:token-exchange', {
    subject_token: ask.subject_token,
    subject_token_type: ask.subject_token_type,
    audience: ask.audience,
    scope: ask.scope,
    ...ask.actor,
  })
})
