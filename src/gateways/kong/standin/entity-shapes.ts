// The entities of a declarative configuration with all their keys: what `pluginserver try` reads, and what its reference says.

import {
  flag,
  integer,
  list,
  oneOf,
  record,
  reference,
  required,
  type Shape,
  text,
  texts,
  textLike,
  withDefault,
} from "./config-shape.js";

const LONGEST_TIMEOUT = 2_147_483_646;
const DEFAULT_TIMEOUT = 60_000;

const id = text("Its id. Without one it gets an id made of its name, the same at each start.");
const tags = texts("What an operator calls it by; plugins see them.");
const timeout = (about: string) => withDefault(DEFAULT_TIMEOUT, integer(1, LONGEST_TIMEOUT, `${about}, in milliseconds.`));

/** The keys of the entities that a test's options have in common with a file. */
const SERVICE = {
  id,
  name: required(text("Its name; no other service has it.")),
  url: textLike(
    /^https?:\/\//,
    "a URL such as http://127.0.0.1:8080/path",
    "`protocol`, `host`, `port` and `path` in one. In a file `${ECHO_URL}` is the echo upstream that `try` starts.",
  ),
  protocol: oneOf(["http", "https"], "How it is asked; that of `url`, or http."),
  host: text("Its host, or the name of an upstream. Needed where there is no `url`."),
  port: integer(0, 65_535, "Its port; 80, or 443 for https."),
  path: textLike(/^\//, "a path that starts with /", "What stands before the path of each request."),
  retries: withDefault(5, integer(0, 32_767, "What plugins see of it; the stand-in asks once.")),
  connect_timeout: timeout("For the connection"),
  write_timeout: timeout("Between two writes"),
  read_timeout: timeout("Between two reads"),
  enabled: withDefault(true, flag("`false`: clients get 503.")),
  tags,
} satisfies Shape;

const ROUTE = {
  id,
  name: required(text("Its name; no other route has it.")),
  protocols: withDefault(["http", "https"], texts("What plugins see of it; the stand-in listens for http.")),
  paths: texts("What a request's path begins with, or, behind `~`, a regular expression for it; without any, all."),
  methods: texts("Methods that it takes; without any, all."),
  hosts: texts("Hosts that it takes, also `*.example.com` or `example.*`; without any, all."),
  strip_path: withDefault(true, flag("Whether the service gets the path without what matched.")),
  preserve_host: withDefault(false, flag("Whether the service gets the client's Host header.")),
  regex_priority: withDefault(0, integer(0, 1_000_000, "Of routes with regular expressions, the highest is tried first.")),
  request_buffering: withDefault(true, flag("What plugins see of it.")),
  response_buffering: withDefault(true, flag("What plugins see of it.")),
  tags,
} satisfies Shape;

const CONSUMER = {
  id,
  username: text("Its name. This or `custom_id` is needed."),
  custom_id: text("Its name elsewhere."),
  tags,
} satisfies Shape;

const PLUGIN = {
  id,
  name: required(text("The plugin's name, as `pluginserver check` shows it, or `key-auth` or `basic-auth`.")),
  config: withDefault({}, record("Its configuration, checked against its schema; missing fields get their defaults.")),
  enabled: withDefault(true, flag("`false` leaves it out; its configuration is checked all the same.")),
  route: reference("Only for requests of this route. What it stands in counts more, as for the next two."),
  service: reference("Only for requests to this service."),
  consumer: reference("Only for requests of this consumer."),
  protocols: texts("Is read and means nothing here."),
  tags,
} satisfies Shape;

const KEYAUTH_CREDENTIAL = { id, key: required(text("The key that the client sends.")), tags } satisfies Shape;

const BASICAUTH_CREDENTIAL = {
  id,
  username: required(text("The user's name that the client sends.")),
  password: required(text("The password, as it is.")),
  tags,
} satisfies Shape;

const TARGET = {
  target: required(text("Host and port: `10.0.0.7:8080`; without a port, 8000.")),
  weight: withDefault(100, integer(0, 65_535, "Is read and means nothing here: the first target gets all requests.")),
  tags,
} satisfies Shape;

const ROUTE_IN_SERVICE = {
  ...ROUTE,
  consumer: reference("Not in Kong: whose every request of this route is, as after an authentication."),
  plugins: list(PLUGIN, "Plugins for this route."),
} satisfies Shape;

const SERVICE_IN_DOCUMENT = {
  ...SERVICE,
  routes: list(ROUTE_IN_SERVICE, "Routes that lead to it."),
  plugins: list(PLUGIN, "Plugins for all requests to it."),
} satisfies Shape;

const CONSUMER_IN_DOCUMENT = {
  ...CONSUMER,
  keyauth_credentials: list(KEYAUTH_CREDENTIAL, "Its keys for `key-auth`."),
  basicauth_credentials: list(BASICAUTH_CREDENTIAL, "Its names and passwords for `basic-auth`."),
  plugins: list(PLUGIN, "Plugins for all requests of it."),
} satisfies Shape;

export type ServiceShape = typeof SERVICE_IN_DOCUMENT;
export type RouteShape = typeof ROUTE_IN_SERVICE;
export type ConsumerShape = typeof CONSUMER_IN_DOCUMENT;
export type PluginShape = typeof PLUGIN;

/** The document. */
export const DOCUMENT = {
  _format_version: required(textLike(/^\d+\.\d+$/, 'a version such as "3.0"', 'The version of the format: `"3.0"`.')),
  _transform: flag("Is read and means nothing here."),
  services: list(SERVICE_IN_DOCUMENT, "Where requests go."),
  routes: list(
    {
      ...ROUTE_IN_SERVICE,
      service: reference("Of a route that stands in no service, where it leads; without one clients get 503."),
    } satisfies Shape,
    "Routes, with their service named.",
  ),
  consumers: list(CONSUMER_IN_DOCUMENT, "Who sends requests."),
  upstreams: list(
    {
      name: required(text("The host of services that go there.")),
      targets: list(TARGET, "Where it leads."),
      tags,
    } satisfies Shape,
    "Names for hosts, also for `kong.service.setUpstream()`.",
  ),
  plugins: list(PLUGIN, "Plugins for all requests, or for what they name."),
} satisfies Shape;

/** What a test says of its surroundings: entities without what is in them. */
export const TEST_ENTITIES = {
  route: { ...ROUTE, name: text("Its name.") },
  service: { ...SERVICE, name: text("Its name.") },
  consumer: CONSUMER,
} satisfies Readonly<Record<string, Shape>>;
