import { serve } from './serve.mjs'

/** Has an SDK's provider for agents bring its token to an MCP server. A way that ends in `unnamed` does not tell it the issuer. */
export const bring = ({ ClientCredentialsProvider, PrivateKeyJwtProvider }, { StreamableHTTPClientTransport }) =>
  serve(async (ask) => {
    const [way, unnamed] = ask.way.split(', ')
    const me = { clientId: ask.client_id, ...(unnamed ? {} : { expectedIssuer: ask.issuer }) }
    const provider = way === 'basic'
      ? new ClientCredentialsProvider({ ...me, clientSecret: ask.client_secret })
      : new PrivateKeyJwtProvider({ ...me, privateKey: ask.private_jwk, algorithm: 'ES256' })
    const transport = new StreamableHTTPClientTransport(new URL(ask.target_url), { authProvider: provider })
    await transport.start()
    await transport.send({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' })
    await transport.close()
    return provider.tokens()
  })
