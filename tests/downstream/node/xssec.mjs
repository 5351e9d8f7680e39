// SAP's own library for XSUAA.
import { createRequire } from 'node:module'
import { job } from './job.mjs'

const { XsuaaService } = createRequire(import.meta.url)('@sap/xssec')
// One try: what is refused is not asked again.
const service = ({ credentials }) => new XsuaaService(credentials, { requests: { retry: false } })

await job({
  jwt_bearer: (given) => service(given).fetchJwtBearerToken(given.assertion, given.options),
  client_credentials: (given) => service(given).fetchClientCredentialsToken(given.options),
  context: async (given) => {
    const context = await service(given).createSecurityContext(given.token)
    const { payload } = context.token
    return {
      person: context.getUserInfo ? context.getUserInfo() : payload.user_name,
      payload,
      local: given.scopes.map((scope) => context.checkLocalScope(scope)),
    }
  },
})
