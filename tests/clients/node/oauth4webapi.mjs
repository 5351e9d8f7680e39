import { serve } from './serve.mjs'
import * as oauth from 'oauth4webapi'

serve(async (ask) => {
  const insecure = { [oauth.allowInsecureRequests]: true } // http on loopback only
  const issuer = new URL(ask.issuer)
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  const as = await oauth.processDiscoveryResponse(issuer, found)
  const proofs = {
    basic: () => oauth.ClientSecretBasic(ask.client_secret),
    post: () => oauth.ClientSecretPost(ask.client_secret),
    private_key_jwt: async () => oauth.PrivateKeyJwt(
      await crypto.subtle.importKey('jwk', ask.private_jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])),
  }
  const client = { client_id: ask.client_id }
  const answer = await oauth.genericTokenEndpointRequest(
    as, client, await proofs[ask.way](), 'urn:ietf:params:oauth:grant-type:token-exchange',
    new URLSearchParams({
      subject_token: ask.subject_token,
      subject_token_type: ask.subject_token_type,
      audience: ask.audience,
      scope: ask.scope,
      ...ask.actor,
    }), insecure)
  return oauth.processGenericTokenEndpointResponse(as, client, answer)
})
