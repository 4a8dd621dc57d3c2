// The door of pdk-functions: what Kong's PDK functions do, over a document of one request, wherever that comes from.
export { ByteText, byteStringOf, bytesOf, isText, textFromBytes, textFromByteString } from "./document/byte-text.js";
export {
  type ConsumerEntity,
  type CredentialEntity,
  entityId,
  type GatewayConfig,
  type PluginEntity,
  type RouteEntity,
  type ServiceEntity,
  WORKSPACE_ID,
} from "./document/entities.js";
export { createGatewayFacts, type GatewayFacts } from "./document/gateway-facts.js";
export {
  createGatewayRequest,
  type GatewayRequest,
  rawPath,
  requestHost,
  takeServiceResponse,
  type RouteCaptures,
} from "./document/gateway-request.js";
export {
  addHeader,
  getHeader,
  getHeaderValues,
  type HeaderList,
  headersFromRaw,
  removeHeader,
  setHeader,
} from "./document/headers.js";
export { argumentsFromWire, fromWire, isTable, type LuaTable, tableEntries, tableItems } from "./document/lua-values.js";
export { parseQuery, queryTable } from "./document/query-string.js";
export { escapePath, normalizePath } from "./document/uri.js";
export type { Phase } from "../pdk/index.js";
export { callPdk, type PdkAnswer, pdkFunctions } from "./functions/call-pdk.js";
export { type KongLogLevel, type PdkArguments, type PdkCall, type PluginLogLine, RefusedCall } from "./functions/definition.js";
export { respondWithError } from "./functions/response.js";
export { isAtLeast, type KongVersion } from "./functions/version-history.js";
