// The door of testing, published as `pluginserver/testing`: runs plugins with no gateway and no server around them.
export type { ConfigFor, ConfigInput } from "./config-input.js";
export { TestingError, type TestingErrorCode } from "./errors.js";
export type { HeadersInput, TestBody, TestHeaders, TestMessage, TestResponse, UpstreamRequest } from "./messages.js";
export type {
  PdkStub,
  TestConsumer,
  TestOptions,
  TestRequest,
  TestRoute,
  TestService,
  TestSettings,
  Upstream,
  UpstreamAnswer,
  UpstreamResponse,
} from "./options.js";
export type { TestCall } from "./pdk-calls.js";
export { type TestArguments, type TestedPlugin, testPlugin } from "./test-plugin.js";
export {
  type TestedTykPlugin,
  testTykPlugin,
  type TykTestOptions,
  type TykTestRequest,
  type TykTestResult,
  type TykTestSession,
} from "./tyk/test-tyk-plugin.js";
export type { AccessHook, TykConfigFor } from "./tyk/tyk-test-definition.js";
export type { TykTestAnswer, TykTestUpstream } from "./tyk/tyk-test-service.js";
export type { PhaseOutcome, ServerLogLine, TestLogLine, TestResult } from "./test-run.js";
export type { KongVersion } from "../../gateways/kong/pdk-functions/index.js";
