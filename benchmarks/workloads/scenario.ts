// What a measurement consists of: the plugin, the calls it must make, and how many requests run at a time.

/** A PDK call that the plugin must make, and what it is answered; nil where `answer` is absent. */
export interface ScriptedCall {
  readonly method: string;
  readonly args: readonly unknown[];
  /** As good as these, where a server asks for more than others do. */
  readonly otherArgs?: readonly unknown[];
  readonly answer?: string | Buffer;
}

/** A call of a hook as the gateway makes it, fields by their names in coprocess.proto, and the headers that the hook sets. */
export interface HookCall {
  readonly object: {
    readonly hook_type: number;
    readonly hook_name: string;
    readonly request: {
      readonly url: string;
      readonly method: string;
      readonly raw_body: Buffer;
      readonly [field: string]: unknown;
    };
    readonly spec: Readonly<Record<string, string>>;
  };
  readonly setHeaders: Readonly<Record<string, string>>;
}

/** One phase of one plugin. */
export interface Workload {
  /** A file of `benchmarks/plugins`, without its extension. */
  readonly plugin: string;
  readonly calls: readonly ScriptedCall[];
  /** In place of calls, where the gateway is Tyk. */
  readonly hook?: HookCall;
}

/** One row of a scenario's table. */
export interface LoadCase {
  /** Requests at a time. */
  readonly at: number;
  /** Connections that run the `beside` workload all the time; they are not counted. */
  readonly burners: number;
}

export interface Scenario {
  readonly name: string;
  /** Whose protocol the servers speak that run it. */
  readonly gateway: "kong" | "tyk";
  readonly question: string;
  readonly workload: Workload;
  readonly beside?: Workload;
  readonly cases: readonly LoadCase[];
  /** Copies of the plugin in the plugins directory, each under a name of its own. */
  readonly plugins: number;
  readonly instancesPerPlugin: number;
  /** Phases of a server's first warm-up, beside its time: many isolates warm up slowly. */
  readonly warmUpPhases: number;
  /** Server and load generator share one processor. */
  readonly oneCpu: boolean;
  /** The cases of `--quick`. */
  readonly quickCases: readonly LoadCase[];
}

export const atATime = (...levels: readonly number[]): LoadCase[] => levels.map((at) => ({ at, burners: 0 }));

const ONE_PLUGIN = { gateway: "kong", plugins: 1, instancesPerPlugin: 1, warmUpPhases: 1, oneCpu: false } as const;

export const scenario = (
  parts: Pick<Scenario, "name" | "question" | "workload" | "cases" | "quickCases"> & Partial<Scenario>,
): Scenario => ({ ...ONE_PLUGIN, ...parts });

/** The names of a scenario's copies of its plugin. */
export function pluginNames({ workload, plugins }: Pick<Scenario, "workload" | "plugins">): string[] {
  if (plugins === 1) return [workload.plugin];
  return Array.from({ length: plugins }, (_, i) => `${workload.plugin}-${String(i).padStart(3, "0")}`);
}
