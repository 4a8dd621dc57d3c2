// Takes what `bin/pluginserver` tells this process in its environment. Plugins and what they start are not to know it.

function take(name: string): string | undefined {
  const value = process.env[name];
  Reflect.deleteProperty(process.env, name);
  return value;
}

/** Descriptor of the real stdout, which it moves out of the reach of plugin code. */
export const stdoutDescriptor = take("PLUGINSERVER_STDOUT_FD");

// The C library has read it by now.
if (take("PLUGINSERVER_TUNED") !== undefined) take("GLIBC_TUNABLES");
