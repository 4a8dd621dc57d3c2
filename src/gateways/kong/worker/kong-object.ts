// Builds the `kong` object that a handler gets: every PDK function of the table, and a way to those it lacks.
import { jsName, PDK_METHODS, PHASES, wireName } from "../pdk/index.js";
import { callableMethod, type CallableMethod, REFUSED_METHODS } from "./calls/callable-method.js";
import { composedFunction } from "./calls/composed-function.js";
import type { HandlerEvent } from "./handler-event.js";

type PdkFunction = (...args: unknown[]) => Promise<unknown>;

/** Gives the function of an event, bound to it. */
type FunctionFactory = (event: HandlerEvent) => PdkFunction;

function functionFactory(method: CallableMethod): FunctionFactory {
  const composed = composedFunction(method);
  if (composed === undefined) return gatewayFunction(method);
  return (event) =>
    (...args) =>
      composed(event, args);
}

function gatewayFunction(method: CallableMethod): FunctionFactory {
  return (event) =>
    (...args) =>
      event.call(method, args);
}

const METHODS: readonly CallableMethod[] = [...PDK_METHODS.map(callableMethod), ...REFUSED_METHODS];

/** By its gateway name a function of the table is called as the gateway has it, with the same checks. */
const BY_GATEWAY_NAME: ReadonlyMap<string, FunctionFactory> = new Map(
  METHODS.map((method): [string, FunctionFactory] => [method.method, gatewayFunction(method)]),
);

/** Namespaces that are functions too, by what they do then: `kong.log("x")`. */
const CALLABLE: ReadonlyMap<string, FunctionFactory> = new Map(
  METHODS.filter(({ method }) => method === "kong.log.notice").map((method) => ["log", gatewayFunction(method)]),
);

/** A function that the table lacks: a newer gateway may have it, so it is sent as it is and its answer awaited. */
function unknownFunction(event: HandlerEvent, path: string): unknown {
  const known = BY_GATEWAY_NAME.get(`kong.${path}`);
  if (known !== undefined) return known(event);
  const method = callableMethod({
    method: `kong.${path}`,
    returns: "value",
    writeBehind: false,
    ends: false,
    phases: PHASES,
    formerly: [],
  });
  const send: PdkFunction = (...args) => event.call(method, args);
  return new Proxy(send, {
    get: (target, key) =>
      typeof key === "symbol" || key === "then" || key === "toJSON" || key in target
        ? (Reflect.get(target, key) as unknown)
        : unknownFunction(event, `${path}.${wireName(key)}`),
  });
}

interface NamespaceNode {
  readonly path: string;
  readonly methods: Map<string, CallableMethod>;
  readonly children: Map<string, NamespaceNode>;
}

function buildTree(): NamespaceNode {
  const root: NamespaceNode = { path: "", methods: new Map(), children: new Map() };
  for (const method of METHODS) {
    const segments = method.method.split(".").slice(1);
    const last = segments.pop() ?? "";
    let node = root;
    for (const segment of segments) node = childOf(node, segment);
    node.methods.set(jsName(last), method);
  }
  return root;
}

function childOf(parent: NamespaceNode, segment: string): NamespaceNode {
  const name = jsName(segment);
  const known = parent.children.get(name);
  if (known !== undefined) return known;
  const child: NamespaceNode = {
    path: parent.path === "" ? segment : `${parent.path}.${segment}`,
    methods: new Map(),
    children: new Map(),
  };
  parent.children.set(name, child);
  return child;
}

/** Makes one namespace of one event's `kong`. */
type NamespaceFactory = (event: HandlerEvent) => object;

/**
 * The accessors stand on a class made once; at the end of its prototype chain a Proxy answers for what the table
 * lacks, so known functions never pay for it.
 */
function factoryFor(node: NamespaceNode): NamespaceFactory {
  class Namespace {
    readonly #event: HandlerEvent;

    constructor(event: HandlerEvent) {
      this.#event = event;
    }

    static eventOf(namespace: object): HandlerEvent | undefined {
      if (#event in namespace) return namespace.#event;
      // A namespace that is a function as well stands before its own.
      const own: unknown = Object.getPrototypeOf(namespace);
      return typeof own === "object" && own !== null && #event in own ? own.#event : undefined;
    }
  }

  const define = (name: string, read: (event: HandlerEvent) => unknown): void => {
    Object.defineProperty(Namespace.prototype, name, {
      enumerable: true,
      get(this: object) {
        const event = Namespace.eventOf(this);
        return event === undefined ? undefined : read(event);
      },
    });
  };
  // A bound function each time: `const { getHeader } = kong.request` is an ordinary thing to write.
  for (const [name, method] of node.methods) define(name, functionFactory(method));
  for (const [name, child] of node.children) {
    const factory = factoryFor(child);
    const itself = CALLABLE.get(child.path);
    define(name, itself === undefined ? factory : (event) => Object.setPrototypeOf(itself(event), factory(event)) as object);
  }
  Object.setPrototypeOf(
    Namespace.prototype,
    fallbackPrototype(node.path, (namespace) => Namespace.eventOf(namespace)),
  );
  return (event) => new Namespace(event);
}

function fallbackPrototype(path: string, eventOf: (namespace: object) => HandlerEvent | undefined): object {
  return new Proxy(
    {},
    {
      get(target, key, receiver: object) {
        if (typeof key === "symbol" || key === "then" || key === "toJSON" || key in target)
          return Reflect.get(target, key) as unknown;
        const event = eventOf(receiver);
        if (event === undefined) return undefined;
        return unknownFunction(event, path === "" ? wireName(key) : `${path}.${wireName(key)}`);
      },
    },
  );
}

const createKong = factoryFor(buildTree());

/** The `kong` object of one event. Each of its functions returns a promise; unknown names are sent as they are. */
export function kongObject(event: HandlerEvent): object {
  return createKong(event);
}
