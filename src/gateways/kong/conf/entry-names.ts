// Names the entries of pluginserver_names, and their settings, as every release of the gateway reads them.

export interface Entry {
  readonly plugin: string;
  /** In pluginserver_names. */
  readonly name: string;
  /** What its settings begin with: `pluginserver_my_plugin`. */
  readonly key: string;
}

/**
 * From 2.4 on Kong takes names of entries in lower case, while 2.3 takes them as they are; a dash is an underscore in the
 * names of settings, and nothing but letters, digits and underscores arrives in those.
 */
export function entryNames(plugins: readonly string[]): Entry[] {
  const keys = new Set<string>();
  return plugins.map((plugin) => {
    const wanted = plugin.toLowerCase().replace(/[^a-z0-9_-]/g, "_");
    let name = wanted;
    for (let count = 2; keys.has(keyOf(name)); count += 1) name = `${wanted}_${count}`;
    keys.add(keyOf(name));
    return { plugin, name, key: keyOf(name) };
  });
}

const keyOf = (name: string): string => `pluginserver_${name.replaceAll("-", "_")}`;
