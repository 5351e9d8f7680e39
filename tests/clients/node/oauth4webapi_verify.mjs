import { serve } from './serve.mjs'
import * as oauth from 'oauth4webapi'

serve(async (ask) => {
  const as = { issuer: ask.issuer, jwks_uri: ask.jwks_uri }
  const request = new Request('http://mcp.example/', { headers: { authorization: "Bearer " + ask.token } })
  return oauth.validateJwtAccessToken(as, request, ask.audience, { [oauth.allowInsecureRequests]: true })
})
