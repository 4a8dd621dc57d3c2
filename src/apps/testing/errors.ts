// The errors of the test kit, each with a stable code.
import { PluginServerError } from "../../core/model/index.js";

/** The stable codes of {@link TestingError}. Match on these, never on a message. */
export type TestingErrorCode =
  /** The gateway would refuse the plugin: its module, its schema, or there is none at that path. */
  | "TESTING_BAD_PLUGIN"
  /** The configuration does not fit the plugin's schema; the message names the field. */
  | "TESTING_BAD_CONFIG"
  /** A request, route, service or consumer of the test cannot be one. */
  | "TESTING_BAD_OPTION"
  /** The gateway refused a PDK call: it answers none in this phase, or with these arguments. */
  | "TESTING_CALL_REFUSED";

/** Thrown for what a test got wrong; also the `error` of a request whose plugin made a call that the gateway refuses. */
export class TestingError extends PluginServerError<TestingErrorCode> {
  override readonly name = "TestingError";
  declare readonly code: TestingErrorCode;

  constructor(code: TestingErrorCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}
