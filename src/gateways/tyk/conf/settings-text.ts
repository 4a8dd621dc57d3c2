// Writes the settings as parts of the gateway's files, or as environment variables.
import type { CoprocessOptions, TykSettings } from "./tyk-settings.js";

/** `env` is for a shell, `env-file` for `docker run --env-file`, which reads no quotes. */
export type TykFormat = "conf" | "env" | "env-file";

/**
 * With `conf` two JSON objects under comments, to be merged into tyk.conf and into an API definition. An API definition has
 * no environment variables: there it is a comment, so that the text can be read as it is.
 */
export function tykText({ gateway, definition }: TykSettings, format: TykFormat): string {
  const json = JSON.stringify(definition.value, undefined, 2);
  const options =
    format === "conf" ? JSON.stringify({ coprocess_options: gateway.options }, undefined, 2) : variables(gateway.options, format);
  return [
    ...["The gateway's options (tyk.conf):", ...gateway.comments].map(asComment),
    options,
    "",
    ...["For each API definition that is to have these hooks:", ...definition.comments].map(asComment),
    ...(format === "conf" ? [json] : json.split("\n").map(asComment)),
    "",
  ].join("\n");
}

const asComment = (text: string): string => `# ${text}`;

function variables(options: CoprocessOptions, format: "env" | "env-file"): string {
  return Object.entries(options)
    .map(([name, value]) => `${variableName(name)}=${format === "env" ? quoted(String(value)) : String(value)}`)
    .join("\n");
}

/** The gateway's names have no underscores within an option. */
const variableName = (option: string): string => `TYK_GW_COPROCESSOPTIONS_${option.replaceAll("_", "").toUpperCase()}`;

const quoted = (value: string): string => (/^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`);
