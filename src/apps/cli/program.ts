// Owns the list of commands and flags, with their defaults and help.
import { Command, Option } from "commander";
import { LOG_FORMATS, LOG_LEVELS } from "../../core/log/index.js";

const COMMANDS = [
  "try: serve the plugins, a stand-in gateway and an echo upstream on this machine, for a first look;",
  "check [DIR]: say what a gateway would see in a plugins directory;",
  "build PLUGIN... -out DIR: type-check, bundle and stamp plugins, each to one file;",
  "init NAME: write a new plugin project to the folder NAME, for Tyk with -tyk NAME;",
  "run PLUGIN: serve one plugin on a socket of its own (run PLUGIN -help says how);",
  "kong-conf -kong-version V: print the lines of kong.conf for a plugins directory;",
  "tyk-conf: print a Tyk gateway's options, and the hooks for its API definitions, for a plugins directory;",
  "bundle PLUGIN... -out X.zip: build plugins for Tyk into a bundle that gateways and servers load",
].join(" ");

const option = (flags: string, description: string): Option => new Option(flags, description);

export function createProgram(): Command {
  return new Command("pluginserver")
    .usage("[-flag value | -flag=value]… [command]")
    .description("Serves the plugins of a directory to Kong Gateway. Flags take one dash or two.")
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .argument("[command]", COMMANDS)
    .argument("[operands...]")
    .addOption(option("--kong-prefix <path>", "Kong's prefix: the socket is made there (also -p)").default("/usr/local/kong"))
    .addOption(option("--plugins-dir <path>", "directory of the plugins (also -plugins-directory, -d)"))
    .addOption(option("--socket <path>", "path of the socket (default PREFIX/go_pluginserver.sock)"))
    .addOption(
      option(
        "--sock-name <name>",
        "name of the socket in the prefix (js_pluginserver.sock where the flags are kong-js-pluginserver's: -d, -p, -v, --plugins-directory)",
      ),
    )
    .addOption(
      option("--plugin-sockets <dir>", "besides, a socket for each plugin, DIR/NAME.socket, that its isolate serves itself"),
    )
    .addOption(option("--socket-mode <mode>", "permission bits of the socket, in octal").default("0600"))
    .addOption(
      option(
        "--protocol <name>",
        "what a dump announces and the socket speaks: MsgPack:1, ProtoBuf:1, or auto: announce MsgPack:1, answer each client in its own",
      ).default("auto"),
    )
    .addOption(option("--threads <n>", "isolates per plugin; its instances spread over them").default("1"))
    .addOption(
      option(
        "--pdk-match <rule>",
        "PDK versions a plugin may be built against: exact, or compatible by semantic versioning",
      ).default("exact"),
    )
    .addOption(
      option("--trust <key>", "public key (PEM, ed25519): only plugins built with -sign are loaded; may be given many times")
        .argParser((path: string, given: readonly string[]) => [...given, path])
        .default([]),
    )
    .addOption(
      option("--event-timeout <time>", "how long one run of a phase may take; keep it below the gateway's 60s").default("50s"),
    )
    .addOption(
      option("--on-error <rule>", "what becomes of a request whose plugin failed: exit with 500, or continue without it").default(
        "exit",
      ),
    )
    .addOption(
      option("--stall-timeout <time>", "how long a busy isolate may give no sign of life before it is replaced").default("5s"),
    )
    .addOption(option("--load-timeout <time>", "how long one plugin's module may take to load").default("10s"))
    .addOption(option("--instance-timeout <time>", "how long an unused instance keeps its state").default("24h"))
    .addOption(option("--drain-timeout <time>", "how long running events may take to finish when the server ends").default("10s"))
    .addOption(
      option("--isolation <kind>", "where plugins run: thread, or process: a child process at which crashes end too").default(
        "thread",
      ),
    )
    .addOption(option("--isolate-memory <size>", "memory of one isolate; a thread close to it is replaced").default("256MB"))
    .addOption(option("--env <names>", "environment variables that plugins do not see, such as KONG_*,AWS_*").default(""))
    .addOption(option("--max-events <n>", "events that one isolate runs at once").default("10000"))
    .addOption(option("--max-connections <n>", "connections at once").default("10000"))
    .addOption(option("--max-message-size <size>", "largest message taken from a gateway").default("64MB"))
    .addOption(option("--inspect <plugin>", "let a debugger into this plugin, at 127.0.0.1:9229, or NAME=PORT, NAME=HOST:PORT"))
    .addOption(option("--no-watch", "do not reload plugins when their files change (SIGHUP does)"))
    .addOption(option("--no-parent-watch", "go on when the parent process is gone (for containers and supervisors)"))
    .addOption(
      option(
        "--no-supervisor",
        "serve in the process that is started: without one that holds the socket while servers come and go",
      ),
    )
    .addOption(option("--log-level <level>", LOG_LEVELS.join(", ")).default("info"))
    .addOption(option("--verbose", "-log-level debug (also -v)"))
    .addOption(option("--log-format <format>", LOG_FORMATS.join(" or ")).default("text"))
    .addOption(option("--dump-all-plugins", "print all plugins as a JSON array and exit"))
    .addOption(option("--dump [name]", "print one plugin as a JSON array of one, or all, and exit"))
    .addOption(option("--dump-plugin-info <name>", "print one plugin as MessagePack and exit (Kong 2.0 to 2.8)"))
    .addOption(option("--port <port>", "try: port of the stand-in gateway; 0 takes a free one").default("8000"))
    .addOption(option("--config <file>", "try: declarative configuration of the stand-in gateway, YAML or JSON"))
    .addOption(
      option("--out <path>", "build: directory for the built files; bundle: the zip, whose name gets a digest of what is in it"),
    )
    .addOption(option("--sign <key>", "build, bundle: private key (PEM) to sign with: ed25519 for build, RSA for bundle"))
    .addOption(
      option("--manifest <file>", "bundle: a manifest.json whose hooks are taken in place of those that the plugins have"),
    )
    .addOption(option("--standalone", "build: one executable per plugin, OUT/NAME, with all that it needs but Node.js"))
    .addOption(option("--json", "check: print JSON"))
    .addOption(option("--types", "check: check the types of all that is TypeScript, not only where the project has a compiler"))
    .addOption(option("--no-types", "check: leave types out"))
    .addOption(option("--kong-version <version>", "kong-conf, check: release of the gateway, from 2.0 on"))
    .addOption(
      option(
        "--tyk <value>",
        "where Tyk gateways are served, tcp://HOST:PORT or unix:///PATH, beside Kong or alone (also for tyk-conf); init: NAME of a project for Tyk",
      ),
    )
    .addOption(option("--tyk-apps <dir>", "folder of API definitions, which plugins for Tyk may ask for"))
    .addOption(option("--tyk-api <url>", "Gateway API of Tyk, where API definitions are asked for; its secret is in TYK_SECRET"))
    .addOption(option("--tyk-secret-file <file>", "file with the secret of the Gateway API"))
    .addOption(option("--tyk-version <version>", "tyk-conf: release of the gateway, from 4.0.14 on; the newest known by default"))
    .addOption(option("--oas", "tyk-conf: hooks for OAS definitions, and not for classic ones"))
    .addOption(
      option("--mode <mode>", "kong-conf: shared (one socket), per-plugin (one each), standalone (each an executable)").default(
        "shared",
      ),
    )
    .addOption(
      option(
        "--format <format>",
        "kong-conf, tyk-conf: conf, env (KONG_... or TYK_GW_... for a shell; also just -env), env-file (for docker run)",
      ).default("conf"),
    )
    .addOption(option("--version", "print the versions of server and runtime and exit"))
    .addOption(option("--help", "print this and exit"));
}
