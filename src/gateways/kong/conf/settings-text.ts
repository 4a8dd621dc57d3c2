// Writes settings as lines of kong.conf, or as environment variables.
import type { ConfLine } from "./kong-settings.js";

/** `env` is for a shell, which reads quotes; `env-file` for `docker run --env-file`, which reads none. */
export type SettingsFormat = "conf" | "env" | "env-file";

export function settingsText(settings: readonly ConfLine[], format: SettingsFormat): string {
  return settings.map((line) => `${"comment" in line ? `# ${line.comment}` : assignment(line, format)}\n`).join("");
}

function assignment({ key, value }: Extract<ConfLine, { key: string }>, format: SettingsFormat): string {
  switch (format) {
    case "conf":
      // What follows a # would be a comment.
      return `${key} = ${value.replace(/\\?#/g, "\\#")}`;
    case "env":
      return `KONG_${key.toUpperCase()}=${quoted(value)}`;
    case "env-file":
      return `KONG_${key.toUpperCase()}=${value}`;
  }
}

const quoted = (value: string): string => (/^[\w@%+=:,./-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`);
