// `kong.service.response.*`: what the service answered, in the response phase.

import { textFromByteString } from "../document/byte-text.js";
import { getHeader } from "../document/headers.js";
import { parseRequestBody } from "../document/request-body.js";
import { limitArgument, stringArgument, type PdkArguments, type PdkCall, type PdkFunctions } from "./definition.js";

export const serviceResponseFunctions: PdkFunctions = {
  "kong.service.response.get_status": { phases: "S", run: ({ request }) => request.serviceResponse?.status },
  "kong.service.response.get_header": { phases: "S", run: header },
  "kong.service.response.get_headers": {
    phases: "S",
    // With a buffered response Kong answers with a table that looks empty from outside, whatever the service sent.
    run: (_call, args) => {
      limitArgument(args, 0, "max_headers");
      return {};
    },
  },
  "kong.service.response.get_raw_body": { phases: "S", run: ({ request }) => serviceBody(request) },
  "kong.service.response.get_body": { phases: "S", run: body },
};

function serviceBody(request: PdkCall["request"]): Buffer {
  return request.serviceResponse?.body ?? Buffer.alloc(0);
}

function header({ request }: PdkCall, args: PdkArguments): unknown {
  const value = getHeader(request.serviceResponse?.headers ?? [], stringArgument(args, 0, "name"));
  return value === undefined ? undefined : textFromByteString(value);
}

function body({ request }: PdkCall, args: PdkArguments): unknown {
  const contentType =
    args[0] === undefined
      ? getHeader(request.serviceResponse?.headers ?? [], "content-type")
      : stringArgument(args, 0, "mimetype");
  if (contentType === undefined) return undefined;
  return parseRequestBody(serviceBody(request), contentType, limitArgument(args, 1, "max_args"));
}
