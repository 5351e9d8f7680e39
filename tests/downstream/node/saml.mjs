// A SAML service provider of Node: it takes an assertion in an unsigned response.
import { SAML } from '@node-saml/node-saml'
import { job } from './job.mjs'

await job({
  validate: async ({ assertion, certificate, audience, recipient }) => {
    const provider = new SAML({
      idpCert: certificate, audience, callbackUrl: recipient, issuer: audience,
      wantAssertionsSigned: true, wantAuthnResponseSigned: false,
    })
    const response = '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0" '
      + 'IssueInstant="2026-01-01T00:00:00Z"><samlp:Status>'
      + '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
      + `${assertion}</samlp:Response>`
    const { profile } = await provider.validatePostResponseAsync(
      { SAMLResponse: Buffer.from(response).toString('base64') })
    return { nameID: profile.nameID, nameIDFormat: profile.nameIDFormat, issuer: profile.issuer }
  },
})
