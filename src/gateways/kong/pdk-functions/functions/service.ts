// `kong.service.*`: where the request goes.

import {
  integerArgument,
  RefusedCall,
  stringArgument,
  type PdkArguments,
  type PdkCall,
  type PdkFunctions,
} from "./definition.js";

const LONGEST_TIMEOUT = 2_147_483_646;

export const serviceFunctions: PdkFunctions = {
  "kong.service.set_upstream": { phases: "A", run: setUpstream },
  "kong.service.set_target": { phases: "A", run: setTarget },
  "kong.service.set_retries": {
    phases: "A",
    // The stand-in tries once: the argument is checked and forgotten.
    run: (_call, args) => void integerArgument(args, 0, "retries", 0, 32_767),
  },
  "kong.service.set_timeouts": { phases: "A", run: setTimeouts },
  "kong.service.set_tls_verify": { phases: "RA", run: setTlsVerify },
};

function setUpstream({ request, facts }: PdkCall, args: PdkArguments): true | undefined {
  const upstream = facts.findUpstream(stringArgument(args, 0, "host"));
  if (upstream === undefined) return undefined;
  const target = upstream.targets[Math.floor(Math.random() * upstream.targets.length)];
  request.upstream.host = target?.host ?? "";
  request.upstream.port = target?.port ?? 0;
  return true;
}

function setTarget({ request }: PdkCall, args: PdkArguments): undefined {
  const host = stringArgument(args, 0, "host");
  const port = integerArgument(args, 1, "port", 0, 65_535);
  request.upstream.host = host;
  request.upstream.port = port;
  request.upstream.hostHeader = host;
}

function setTimeouts({ request }: PdkCall, args: PdkArguments): undefined {
  request.upstream.timeouts = {
    connect: integerArgument(args, 0, "connect_timeout", 1, LONGEST_TIMEOUT),
    write: integerArgument(args, 1, "write_timeout", 1, LONGEST_TIMEOUT),
    read: integerArgument(args, 2, "read_timeout", 1, LONGEST_TIMEOUT),
  };
}

function setTlsVerify({ request }: PdkCall, args: PdkArguments): true {
  const [isOn] = args;
  if (typeof isOn !== "boolean") throw new RefusedCall("argument must be a boolean");
  request.upstream.verifyTls = isOn;
  return true;
}
