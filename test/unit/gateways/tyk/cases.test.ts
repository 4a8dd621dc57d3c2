// The cases of the behaviour of Tyk gateways that this project keeps to: each has a test, which this list names.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const REQUEST = "standin/request-hooks.test.ts";
const AUTH = "standin/authentication.test.ts";
const RESPONSE = "standin/response-hooks.test.ts";
const CONNECTION = "standin/connection.test.ts";
const BUNDLE = "bundles/bundle.test.ts";

/** The number of each case, what it is, and the file and name of its test, as far as the name stands in the file. */
const CASES: readonly (readonly [number: number, what: string, file: string, test: string])[] = [
  [1, "a reply as it came changes nothing", REQUEST, "changes nothing"],
  [2, "no request: the client is dropped", REQUEST, "%s makes the gateway drop the client"],
  [3, "no return_overrides: the client is dropped", REQUEST, "%s makes the gateway drop the client"],
  [4, "no url: 500", REQUEST, "a URL that can be read, such as %s, is a 500 of the gateway"],
  [5, "no method: the client's", REQUEST, "a method leaves the client's"],
  [6, "no raw_body: no body", REQUEST, "raw_body has no body"],
  [7, "body is never read back", REQUEST, "is raw_body, and never body"],
  [8, "raw_body replaces the body", REQUEST, "is replaced with its length"],
  [9, "set_headers replaces all values", REQUEST, "that are set replace all values of their name"],
  [
    10,
    "delete_headers in any case",
    REQUEST,
    "that are deleted are gone in any case of letters, and User-Agent is then the gateway's",
  ],
  [11, "deleted and set: set", REQUEST, "that are deleted and set have the set value"],
  [12, "Host cannot be changed", REQUEST, "cannot change the upstream's Host"],
  [13, "add_params and delete_params", REQUEST, "is the old one less what is deleted plus what is added, in the order of names"],
  [14, "the query of url is ignored, its path is not", REQUEST, "of the URL is ignored, and its path is not"],
  [15, "a path without the listen path", REQUEST, '["/other", "/other"]'],
  [16, "an absolute url", REQUEST, '["http://elsewhere/t/x", "/x"]'],
  [17, "a url that is no path: 500", REQUEST, "a URL that can be read, such as %s, is a 500 of the gateway"],
  [18, "400 and more: Tyk's page and an event", REQUEST, "with 400 or more gets Tyk's error page and an event"],
  [19, "the page as XML", REQUEST, "gets a page in XML for a request in %s, with its text as it is"],
  [20, "override_error: as given, no event", REQUEST, "with override_error is answered as it says, without an event"],
  [21, "Content-Type is guessed", REQUEST, "with nothing has no Content-Type"],
  [22, "response_error counts more", REQUEST, "with response_error has that in place of its body"],
  [23, "code 42: the client is dropped", REQUEST, "with %i makes the gateway drop the client"],
  [24, "403 without text", REQUEST, "with 400 or more and no text says that the key is not authorised"],
  [
    25,
    "an answer in post: no response hook, and an analytics record",
    REQUEST,
    "in post ends the request: no response hook runs",
  ],
  [26, "code 0 or -1 goes on", REQUEST, "with %i goes on"],
  [27, "a gRPC status is a 500 without its message", CONNECTION, "is a 500, and its message is in the log alone"],
  [28, "an unknown hook is a 500", "../../../integration/tyk-plugins.test.ts", "where a name means nothing"],
  [29, "a reply of more than 4 MiB", CONNECTION, "of more than 4 MiB is a 500, unless the gateway allows more"],
  [30, "a query that is not UTF-8", REQUEST, "that is not UTF-8 is a 500 without a call"],
  [31, "a header that is not UTF-8", REQUEST, "that are not UTF-8 are a 500 without a call"],
  [32, "raw_body_only", REQUEST, "is in the call twice as text, and once with raw_body_only or where it is no text"],
  [33, "a body that is not UTF-8", REQUEST, "is in the call twice as text, and once with raw_body_only or where it is no text"],
  [34, "no config_data", REQUEST, "of %s has config_data where there is none: %j"],
  [35, "two pre hooks", REQUEST, "run one after the other, and the second sees what the first set"],
  [36, "the first ends", REQUEST, "end with the first that answers"],
  [37, "a server that is down", CONNECTION, "fails calls at once until the pause is over, and then serves"],
  [38, "an empty authority", CONNECTION, "is empty in %s without the option, and every call fails"],
  [39, "grpc_authority", CONNECTION, "is that of the option, or the address from 5.8.3 on"],
  [40, "a client that leaves", CONNECTION, "cancels the call from 5.11 on, and before it runs to its end"],
  [41, "no driver: the request goes through", CONNECTION, "in %s answers with %i"],
  [42, "no driver: 500 since 5.8.7", CONNECTION, "in %s answers with %i"],
  [43, "no driver: token auth", CONNECTION, "leaves token auth in the place of auth_check"],
  [44, "a handler that takes long: the gateway waits", CONNECTION, "is waited for: its call has no deadline"],
  [45, "an ignored path of a protected API", AUTH, "is not called for an ignored path; the other hooks are"],
  [46, "a cached response", RESPONSE, "for a response from the cache, and no post hook; pre does"],
  [47, "a mock", RESPONSE, "meets pre and response hooks, and no post hook"],
  [48, "the right key", AUTH, "lets the right key in, and later hooks see its session"],
  [49, "another key", AUTH, "keeps another key out with Tyk's page and an event, and is called without any key"],
  [50, "no key at all", AUTH, "keeps another key out with Tyk's page and an event, and is called without any key"],
  [51, "a session without token", AUTH, "needs a token, in the session's metadata or in the object's"],
  [52, "the token in the object's metadata", AUTH, "needs a token, in the session's metadata or in the object's"],
  [53, "a token without session", AUTH, "needs a token, in the session's metadata or in the object's"],
  [54, "auth_check that fails", AUTH, "that fails keeps the request out"],
  [55, "a key that has expired", AUTH, "with %j is refused"],
  [56, "a key that is inactive", AUTH, "with %j is refused"],
  [57, "rights for another API", AUTH, "with %j is refused"],
  [58, "the rate", AUTH, "has its rate, which is refused with an event"],
  [59, "an unknown policy", AUTH, "with %j is refused"],
  [60, "an extractor without an id", AUTH, "ends a request without an id, and the hook is not called"],
  [61, "an extractor with a deadline", AUTH, "spares the hook until the session's deadline, and no longer"],
  [62, "a deadline that is past", AUTH, "calls the hook each time where the deadline is past, and the quota goes on"],
  [63, "a session changed in post_key_auth", AUTH, "that post_key_auth changes is not taken over"],
  [64, "auth_check of a keyless API", AUTH, "is not called on a keyless API, and neither is post_key_auth"],
  [65, "cookies of an unchanged reply", RESPONSE, "keeps both cookies in %s"],
  [66, "no response: 500", RESPONSE, "without a response is a 500, and nothing of the upstream's is sent"],
  [67, "status_code 0: the client is dropped", RESPONSE, "without a status makes the gateway drop the client"],
  [68, "overrides of a response hook", RESPONSE, "may have overrides and changes of the request, which are ignored"],
  [69, "another body", RESPONSE, "is raw_body and never body, with a length of its own"],
  [70, "a header deleted from headers alone", RESPONSE, "deletes one in %s, and leaves the cookies %s"],
  [71, "a header added to headers alone", RESPONSE, "makes two of one name in another case of letters"],
  [72, "values added to multivalue_headers", RESPONSE, "is right in %s"],
  [73, "the rule that is right in all releases", RESPONSE, "is right in %s"],
  [
    74,
    "the session of a keyless API",
    RESPONSE,
    "has the response in both forms, the request as it was sent on, and a session of zeros",
  ],
  [75, "two response hooks", RESPONSE, "of the second hook has what the first made"],
  [76, "an upstream that cannot be asked", RESPONSE, "where the upstream cannot be asked"],
  [77, "an endless response", CONNECTION, "reaches a client behind a response hook when the upstream ends it, and not before"],
  [78, "pages of the gateway", RESPONSE, "for a page of the gateway's own"],
  [79, "a gzip body", RESPONSE, "has a body as the upstream encoded it"],
  [80, "an event", CONNECTION, "is told to the plugin server, whatever becomes of it, and the client does not wait"],
  [81, "a wrong checksum", BUNDLE, '{ checksum: md5("b") }, "TYK_BUNDLE_CHECKSUM"'],
  [82, "an unsigned bundle with a key", BUNDLE, "a bundle that is not signed is refused"],
  [83, "no files", BUNDLE, "opens without any file, as one that names the hooks alone"],
  [84, "no checksum", BUNDLE, '{ checksum: "" }, "TYK_BUNDLE_MANIFEST"'],
  [
    85,
    "another content under the same name is not fetched: each bundle has a name of its own",
    BUNDLE,
    "is the same for the same contents, and has another version for others",
  ],
  [86, "the driver outside of custom_middleware", CONNECTION, "may be one that its manifest put where no gateway reads it"],
];

const textOf = (file: string): string => readFileSync(fileURLToPath(new URL(file, import.meta.url)), "utf8");

it("there are 86 cases", () => {
  expect(CASES.map(([number]) => number)).toEqual(Array.from({ length: 86 }, (_, index) => index + 1));
});

describe("each has a test that is named", () => {
  it.each(CASES)("%i, %s", (_number, _what, file, test) => {
    expect(textOf(file)).toContain(test);
  });
});
