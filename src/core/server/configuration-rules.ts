// Names what a gateway knows of its configurations: the core keeps their texts, and reads none of them.

/** Why a configuration does not fit a schema, and where. */
export interface ConfigurationProblem {
  readonly path: string;
  readonly reason: string;
}

/** All of them take the configuration as the gateway sent it, and the schema of a plugin as the plugin states it. */
export interface ConfigurationRules {
  /** Why the gateway would not take the configuration with this schema. */
  misfits(schema: readonly unknown[], configuration: string): readonly ConfigurationProblem[];
  /** Why a plugin cannot run with the configuration, as one text; undefined where it can. */
  refusal(plugin: string, schema: readonly unknown[], configuration: string): string | undefined;
  /** The configuration with what a gateway cannot have sent that knows the schema `before`; the same text where that is nothing. */
  withNewDefaults(schema: readonly unknown[], before: readonly unknown[], configuration: string): string;
  /** Whether two configurations are the same to the plugin, whatever the gateway added to them. */
  isSame(schema: readonly unknown[], configuration: string, otherSchema: readonly unknown[], other: string): boolean;
  /** What may be shown of the configuration: without what one of the schemas calls a secret. */
  shown(schemas: readonly (readonly unknown[])[], configuration: string): unknown;
  /** What the gateway calls the entities that a configuration belongs to, as fields of a log line. */
  idsOf(configuration: string): Readonly<Record<string, string>>;
}
