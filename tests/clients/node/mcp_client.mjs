import * as client from '@modelcontextprotocol/client'
import { bring } from './mcp.mjs'

bring(client, client)
