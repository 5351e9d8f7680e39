import { serve } from './serve.mjs'
import { ClientCredentialsProvider, PrivateKeyJwtProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

serve(async (ask) => {
  const me = { clientId: ask.client_id, expectedIssuer: ask.issuer }
  const provider = ask.way === 'basic'
    ? new ClientCredentialsProvider({ ...me, clientSecret: ask.client_secret })
    : new PrivateKeyJwtProvider({ ...me, privateKey: ask.private_jwk, algorithm: 'ES256' })
  const transport = new StreamableHTTPClientTransport(new URL(ask.target_url), { authProvider: provider })
  await transport.start()
  await transport.send({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' })
  await transport.close()
  return provider.tokens()
})
