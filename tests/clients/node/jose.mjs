import { serve } from './serve.mjs'
import { createRemoteJWKSet, jwtVerify } from 'jose'

serve(async (ask) => {
  const keys = createRemoteJWKSet(new URL(ask.jwks_uri))
  const { payload } = await jwtVerify(ask.token, keys, {
    issuer: ask.issuer,
    audience: ask.audience,
    typ: 'at+jwt',
    algorithms: ['ES256'],
  })
  return payload
})
