// The one plugin of a program, as the server's source of plugins.
import { OnePlugin } from "../../../core/server/index.js";
import { EmbeddedError } from "./errors.js";

export class OneKongPlugin extends OnePlugin {
  override change(): Promise<void> {
    return Promise.reject(new EmbeddedError("EMBEDDED_NO_DIRECTORY", "this server is one plugin: it has no plugins directory"));
  }
}
