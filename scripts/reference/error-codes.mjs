// The table of all error codes: what each means and what helps. docs/errors.md is written from it, and a test compares it with the code.

/** By who sees them: the title of a chapter, and its codes. */
export const ERROR_CODES = {
  "The command line": {
    CLI_USAGE: ["The command line cannot be understood. Exit status 2.", "See `pluginserver -help`; the message names the flag."],
    CLI_FAILED: ["The command could not do what it was asked. Exit status 1.", "The message says what is wrong, and where."],
  },
  "Starting a server": {
    SERVER_NO_PLUGINS_DIR: ["The plugins directory cannot be read.", "Check the path of `-plugins-dir` and its permissions."],
    SERVER_SOCKET_PATH_TOO_LONG: [
      "The socket's path is longer than the operating system allows.",
      "Use `-socket`, or a shorter `-kong-prefix`.",
    ],
    SERVER_NOT_A_SOCKET: [
      "Something that is no socket is at the socket's path.",
      "Remove it, or choose another path: the server never removes what it did not make.",
    ],
    SERVER_ADDRESS_IN_USE: ["Another process listens on the address.", "End it, or choose another address."],
    SERVER_CANNOT_LISTEN: [
      "The socket could not be made.",
      "The message has the system's reason; the folder must be there and writable for the server's user.",
    ],
    STAMP_KEY_INVALID: [
      "A file of `-sign` or `-trust` does not hold the key it should.",
      "Make keys with `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`.",
    ],
  },
  "A plugin as a program": {
    EMBEDDED_REFUSED: ["A gateway would refuse the plugin.", "Mend what the message names; `pluginserver check` tells more."],
    EMBEDDED_NO_DIRECTORY: [
      "The program is one plugin and has no plugins directory.",
      "Start `pluginserver` to serve a directory.",
    ],
    EMBEDDED_NO_SLOT: ["Too many isolates of the plugin end at once.", "None: one is started when one has ended."],
    EMBEDDED_NO_CHANNEL: [
      "An isolate was started without the channel to those beside it.",
      "This is a fault of the server: report it.",
    ],
  },
  "Loading a plugin": {
    PLUGIN_COMPILE_FAILED: [
      "A file of the plugin cannot be read, parsed or resolved, or a built file was refused.",
      "The message has file, line and reason; the plugin is served again as soon as the file is mended.",
    ],
    PLUGIN_FORM_INVALID: [
      "The module runs, but is no plugin.",
      "Export one of the forms in the plugin guide; the message says what is missing.",
    ],
  },
  "Building a plugin": {
    BUILD_NO_PLUGIN: ["There is no plugin at the path.", "Name a module, or a folder with one."],
    BUILD_NO_TYPESCRIPT: ["The types cannot be checked.", "Run `npm install --save-dev typescript` beside the plugin."],
    BUILD_TYPES: ["The types do not fit.", "Mend the places that the message lists."],
    BUILD_BUNDLE: ["The plugin cannot be bundled.", "Install what it imports; a plugin can import only the PDK of this package."],
    BUILD_NODE: [
      "`build -executable` cannot put a program into this Node.js.",
      "Use one for Linux from nodejs.org or an image of node, 20.19 or newer; for another machine, of the version that builds (`-node`).",
    ],
    BUILD_SERVER: [
      "`build -executable -server` cannot put the server into one file.",
      "Install pluginserver with npm; for another machine also the compiler's package that the message names.",
    ],
    BUILD_NATIVE: [
      "A package has native code, which cannot be part of one file.",
      "Build it without `-standalone` or `-executable`.",
    ],
    BUILD_NOT_SERVED: ["A server would not serve what was built.", "The message has the server's reason."],
  },
  "Running a plugin": {
    ISOLATE_BUSY: ["The isolate runs as many calls as it may.", "Raise `-max-events` or `-threads`, or make handlers quicker."],
    ISOLATE_DIAGNOSIS_FAILED: [
      "A heap snapshot or a CPU profile of an isolate could not be made.",
      "The message has the reason; an isolate runs while its plugin has bindings.",
    ],
    ISOLATE_BACKING_OFF: [
      "The isolate died again and again and is started after a pause.",
      "The log has the reason of each end: mend the plugin; a change of its code starts it at once.",
    ],
  },
  "In a handler (`PdkError`)": {
    PDK_CALL_FAILED: [
      "The gateway ran the function and answered with an error (Kong up to 2.8).",
      "Catch it where the handler can go on without.",
    ],
    PDK_WRONG_PHASE: [
      "The gateway does not offer the function in this phase; nothing was sent.",
      "Call it in a phase that docs/pdk.md names.",
    ],
    PDK_BAD_ARGUMENT: [
      "The gateway would refuse the argument, or it cannot be sent; nothing was sent.",
      "Pass what the function's types say.",
    ],
    PDK_BAD_BODY: ["The body is not what its content type says.", "Answer with 400, or read it with `getRawBody()`."],
    PDK_BODY_TOO_LARGE: ["The body is larger than the call allows.", "Raise the limit that the message names."],
    PDK_NOT_CARRIED: ["ProtoBuf:1 has no message for the call; nothing was sent.", "Use MsgPack:1."],
    PDK_EVENT_ENDED: ["The call came after the end of its phase.", "Await every call before the handler returns."],
    PDK_EVENT_CANCELLED: [
      "The event was given up: its deadline passed, or the server ends.",
      "Make the handler quicker, or raise `-event-timeout`.",
    ],
  },
  "Tests with the test kit": {
    TESTING_BAD_PLUGIN: ["The gateway would refuse the plugin, or there is none at the path.", "Mend what the message names."],
    TESTING_BAD_CONFIG: ["The configuration does not fit the plugin's schema.", "The message names the field."],
    TESTING_BAD_OPTION: [
      "An option of the test is none, or cannot have the value.",
      "See docs/testing.md; the message names the option.",
    ],
    TESTING_CALL_REFUSED: [
      "The gateway refuses the call in this phase, or with these arguments.",
      "As for `PDK_WRONG_PHASE` and `PDK_BAD_ARGUMENT`.",
    ],
  },
  "The stand-in for Kong (`pluginserver try`)": {
    GATEWAY_CONFIG: ["The declarative configuration is wrong.", "The message names the field; see docs/try-yaml.md."],
    GATEWAY_LISTEN: ["The gateway cannot listen on its address.", "Choose another `-port`."],
    GATEWAY_START_INSTANCE: ["The plugin server did not start an instance.", "Its log has the reason."],
    GATEWAY_RPC_ERROR: ["The plugin server answered with an error.", "The message has its text."],
    GATEWAY_RPC_LOST: ["The plugin server cannot be reached, or closed the connection.", "Look at its log: it may have ended."],
    GATEWAY_RPC_CLOSED: ["The plugin server closed the connection in the middle of a call.", "Look at its log."],
    GATEWAY_RPC_TIMEOUT: ["The plugin server did not answer in time.", "Look at its log for a handler that hangs."],
    GATEWAY_BAD_REPLY: [
      "The plugin server answered what the protocol does not allow.",
      "This is a fault of the server: report it.",
    ],
  },
  "What Kong is told": {
    RPC_NO_METHOD: [
      "The client calls a method that there is not.",
      "Only Kong and tools that speak its protocol should have the socket.",
    ],
    RPC_BAD_ARGUMENT: ["A method got an argument that it does not take.", "As for `RPC_NO_METHOD`."],
    RPC_NO_INSTANCE: ["The server does not know the instance.", "None: Kong starts it again."],
    RPC_NO_PLUGIN: [
      "The server has no plugin of that name.",
      "Reload Kong after plugins were removed, and look for why one did not load.",
    ],
    RPC_NO_STEP_DUE: ["A step came for an event that asked nothing.", "As for `RPC_NO_METHOD`."],
  },
  "Bytes that a client of Kong's socket sent": {
    WIRE_FOREIGN: ["The client speaks neither MsgPack:1 nor ProtoBuf:1.", "Look for what else connects to the socket."],
    WIRE_NOT_A_MESSAGE: ["The bytes are no MessagePack-RPC message.", "As for `WIRE_FOREIGN`."],
    WIRE_NOT_PROTOBUF: ["The bytes are no message of ProtoBuf:1.", "As for `WIRE_FOREIGN`."],
    WIRE_INVALID_BYTE: ["A byte that MessagePack does not use.", "As for `WIRE_FOREIGN`."],
    WIRE_TRUNCATED: ["A value ends before its declared length.", "As for `WIRE_FOREIGN`."],
    WIRE_UNEXPECTED_TYPE: ["A value has another type than the protocol says.", "As for `WIRE_FOREIGN`."],
    WIRE_TOO_LARGE: ["A message is larger than the limit.", "Raise `-max-message-size` where such bodies are meant to pass."],
    WIRE_TOO_MANY_ELEMENTS: ["A message has more elements than the limit.", "None: no gateway sends such a message."],
    WIRE_TOO_DEEP: ["A value is nested too deeply.", "Make the configuration flatter."],
  },
  "In a hook for Tyk (`TykError`)": {
    TYK_BAD_ARGUMENT: [
      "An argument of another type, or outside of what HTTP or the gateway's messages allow.",
      "Pass what the types say.",
    ],
    TYK_NOT_CARRIED: [
      "The gateway would drop the change: its message has no place for it.",
      "Do it in the hook that the message names, or not at all.",
    ],
    TYK_BAD_BODY: [
      "The body is not what it was read as, or its encoding cannot be undone.",
      "Refuse the request, or read the raw bytes.",
    ],
    TYK_BODY_TOO_LARGE: [
      "The decoded body is larger than the call allows.",
      "Raise the limit of the call where such bodies are meant to pass.",
    ],
    TYK_READ_ONLY: ["A hook may look at it and not change it.", "Change it in a hook that may: docs of the API name them."],
    TYK_WRONG_HOOK: ["The function belongs to other hooks.", "Call it in the hooks that the message names."],
    TYK_BAD_RESULT: [
      "A hook returned what is no result, or did not return the result that it made.",
      "Return what the hook's functions give.",
    ],
    TYK_NO_TOKEN: ["A session has no token, and there is no credential to make one from.", "Give the session a token."],
    TYK_NO_DEFINITION: [
      "The definition of the API cannot be had.",
      "The message has the reason, under a code of API definitions.",
    ],
    TYK_CALL_ENDED: ["The call came after its hook had ended.", "Await everything before the hook returns."],
    TYK_CALL_CANCELLED: [
      "The call was given up: its client left, its deadline passed, or the server ends.",
      "Stop the work when `signal` says so.",
    ],
    TYK_CONFIG_INVALID: [
      "`config_data` of the API definition is not as the plugin's `config` wants it.",
      "Mend the definition; the message names the field.",
    ],
    TYK_PLUGIN_INVALID: ["`defineTykPlugin` got what is no plugin.", "Mend what the message names."],
  },
  "Releases of Tyk": {
    TYK_RELEASE_UNKNOWN: ["The release of the gateway is not known.", "Name one that the message lists."],
  },
  "Messages of Tyk's gateways": {
    COPROCESS_MALFORMED: ["The bytes are no message of the gateway's protocol.", "Look for what else connects to the address."],
    COPROCESS_NOT_UTF8: [
      "A text in a message is not UTF-8.",
      "The message names the field; what the gateway cannot encode stays out of it.",
    ],
    COPROCESS_TOO_MANY_FIELDS: ["A message has more fields than the limit.", "None: no gateway sends such a message."],
    COPROCESS_BAD_VALUE: ["A plugin set a value that the message cannot carry.", "The message names field and value."],
  },
  "API definitions and bundles for Tyk": {
    TYK_DEFINITION_UNKNOWN: ["There is no definition of the API.", "Put it into the folder, or load it into the gateway."],
    TYK_DEFINITION_BROKEN: ["The definition cannot be read.", "The message has file and reason."],
    TYK_DEFINITION_UNAVAILABLE: ["The Gateway API does not give the definition.", "Check its address and secret."],
    TYK_DEFINITION_SECRET: ["The secret of the Gateway API cannot be read.", "Check the file and its permissions."],
    TYK_BUNDLE_ARCHIVE: ["The bundle is no archive that can be read.", "Make it anew."],
    TYK_BUNDLE_ENTRY: ["The bundle has an entry that no bundle may have.", "Take it out; the message names it."],
    TYK_BUNDLE_TOO_LARGE: ["The bundle is too large.", "Leave out what the plugin does not need."],
    TYK_BUNDLE_MANIFEST: ["The bundle's manifest is wrong.", "The message names the field."],
    TYK_BUNDLE_CHECKSUM: ["The bundle is not what its checksum says.", "Make it anew, and copy it whole."],
    TYK_BUNDLE_SIGNATURE: [
      "The signature is missing or wrong.",
      "Sign the bundle with the key whose public half the server has.",
    ],
    TYK_BUNDLE_KEY: ["The key for bundles cannot be used.", "The message says which kind is needed."],
    TYK_BUNDLE_SOURCE: ["The bundle cannot be fetched.", "Check the address; the message has the server's answer."],
    TYK_BUNDLE_PLUGIN: ["A plugin of the bundle does not load.", "The message names the plugin and the reason."],
  },
  "Plugins from bundles": {
    BUNDLE_FETCH: [
      "The index of bundles, or a bundle, cannot be fetched. What was served goes on.",
      "Check `-plugins-url` and the server there; the message has its answer. Nothing to do where it comes back.",
    ],
    BUNDLE_INDEX: ["The index of bundles is wrong.", "Mend what the message names; `pluginserver bundle -index` writes entries."],
    BUNDLE_DIGEST: [
      "What came is not what the index names.",
      "Upload the bundle before the index that names it, and never change one in its place.",
    ],
    BUNDLE_REFUSED: [
      "The bundle is broken, or not signed by the key of `-public-key`.",
      "Make it with `pluginserver bundle`, with `-sign` where servers ask for that.",
    ],
    BUNDLE_PLUGIN: ["A plugin of the bundle does not load.", "The message names the plugin and the reason."],
    BUNDLE_DISK: [
      "There is no room for a bundle, or its folder is not the server's own.",
      "Make room, or give the folder to the server's user alone (`-bundle-cache`, permissions 0700).",
    ],
  },
  "The stand-in for Tyk": {
    TYK_STANDIN_CALL: ["The call failed.", "The server's log has the reason."],
    TYK_STANDIN_NOT_UTF8: ["The gateway cannot encode what is not UTF-8.", "None: a real gateway fails at the same."],
  },
};

const INTRO = `# Errors

Every error of this package has a stable \`code\`. Match on it, never on the message, which says what happened and where. In logs it is the
field \`code\` of \`err\`. This page is written by \`npm run docs:reference\`.
`;

export function renderErrors(chapters) {
  const parts = Object.entries(chapters).map(([title, codes]) => {
    const rows = Object.entries(codes).map(([code, [meaning, remedy]]) => `| \`${code}\` | ${meaning} | ${remedy} |`);
    return [`## ${title}`, "", "| code | meaning | what helps |", "|---|---|---|", ...rows, ""].join("\n");
  });
  return [INTRO, ...parts].join("\n");
}
