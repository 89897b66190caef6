import { openapi } from '../../openapi/document.ts'
import { json, type Reply } from '../respond.ts'

/** `GET /v1/openapi.json` */
export async function openapiDocument(): Promise<Reply> {
  return json(200, openapi)
}
