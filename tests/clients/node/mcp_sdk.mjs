import * as providers from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import * as transports from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { bring } from './mcp.mjs'

bring(providers, transports)
