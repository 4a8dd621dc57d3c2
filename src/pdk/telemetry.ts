// Owns the types of `kong.telemetry`.

/** The gateway's OpenTelemetry export. */
export interface KongTelemetry {
  /**
   * Adds an entry to the request's telemetry log. Without effect in every recorded version, as if the gateway lacked it.
   *
   * Phases: rewrite, access, response, log.
   *
   * @param pluginName - the plugin that speaks
   * @param pluginConfig - its configuration
   * @param messageType - sorts the entries
   */
  log(
    pluginName: string,
    pluginConfig: object,
    messageType: string,
    message: string,
    attributes?: Readonly<Record<string, unknown>>,
  ): Promise<void>;
}
