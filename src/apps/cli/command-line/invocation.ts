// Says what a command line can ask for, as the commands take it.
import type { TypesRule } from "../../../build/index.js";
import type { CommandFlag, DUMP_FLAGS, GivenFlags, SERVER_FLAGS, FlagValues } from "../../flags/index.js";
import type { Settings as SettingsBeneath } from "../../settings/index.js";
import type { OperatorRequest } from "../../console/index.js";
import type { LogOptions } from "../../../core/log/index.js";
import type { ServerFlags, ServingMode, SettingsFormat } from "../../../gateways/kong/conf/index.js";
import type { TykFormat } from "../../../gateways/tyk/conf/index.js";

/** What loading plugins needs, by the flags that matter to it: times in milliseconds, sizes in bytes. */
export interface LoadingOptions extends Omit<FlagValues<(typeof DUMP_FLAGS)[number]>, "env" | "logLevel" | "logFormat"> {
  /** Names of environment variables that plugins do not see; `*` stands for any characters. */
  readonly hiddenEnvironment: readonly string[];
  readonly pluginsDirectory: string;
  readonly log: LogOptions;
}

/** Whether plugins come in bundles: from an index of them, or in one file. */
export const namesBundle = ({ pluginsUrl, pluginsDirectory }: LoadingOptions): boolean =>
  pluginsUrl !== undefined || pluginsDirectory.endsWith(".zip");

type ServerSettings = FlagValues<(typeof SERVER_FLAGS)[number]>;

/** They are in `tyk`. */
type BundleFlag = "bundles" | "bundle";

/** What a server needs, by its flags. */
export interface ServeOptions
  extends LoadingOptions, Omit<ServerSettings, "env" | "tyk" | "noWatch" | "noParentWatch" | "noSupervisor" | BundleFlag> {
  /** Whether all plugins come from bundles: there is no directory of them. */
  readonly bundlesOnly: boolean;
  readonly watchParent: boolean;
  /** Whether a process of its own holds the socket. */
  readonly isSupervised: boolean;
  /** Whether changed plugin files are noticed. */
  readonly watch: boolean;
  /** Where Tyk gateways are served too. */
  readonly tyk: TykServing | undefined;
}

/** How Tyk gateways are served. */
export interface TykServing {
  /** `tcp://HOST:PORT` or `unix:///PATH`. */
  readonly address: string;
  /** A folder of API definitions. */
  readonly apps: string | undefined;
  /** Address of the Gateway API, and a file with its secret. */
  readonly api: string | undefined;
  readonly secretFile: string | undefined;
  /** Where plugins come from in bundles, too. */
  readonly bundles: BundleServing | undefined;
  /** Nothing is said of Kong: there is no socket for it. */
  readonly isAlone: boolean;
}

/** How bundles are served. */
export interface BundleServing {
  /** A URL (http, https, file), or the path of a folder. */
  readonly place: string;
  /** Those that are named; else all that API definitions name, or that are in the folder. */
  readonly names: readonly string[];
  /** Path of the public RSA key that they have to be signed for. */
  readonly publicKey: string | undefined;
  /** Milliseconds between two looks; by default what suits the place. */
  readonly interval: number | undefined;
  /** Folder for the last good ones; one of the user's by default. */
  readonly cache: string | undefined;
}

export interface TryOptions extends ServeOptions, Pick<FlagValues<CommandFlag<"try">>, "port" | "tykVersion"> {
  /** A stand-in of Tyk and not of Kong, with the server at this address, or at one of its own. */
  readonly trialOfTyk: string | true | undefined;
}

export interface CheckOptions extends LoadingOptions {
  readonly json: boolean;
  /** The gateway that the plugins are for; none in particular by default. */
  readonly kongVersion: string | undefined;
  /** Of which plugins the types are checked. */
  readonly types: TypesRule | "none";
}

export interface BuildCommandOptions extends LoadingOptions {
  /** Files or folders. */
  readonly plugins: readonly string[];
  readonly out: string;
  /** Path of the private key to sign with. */
  readonly sign: string | undefined;
  /** Whether each becomes an executable of its own. */
  readonly standalone: boolean;
  /** Whether the server itself becomes one, in place of plugins. */
  readonly server: boolean;
  /** Path of the Node.js that is to be in it, where each becomes an executable that needs none. */
  readonly node: string | undefined;
}

export interface InitOptions {
  /** Path of the new project; its last part is the plugin's name. */
  readonly name: string;
  /** Whose plugin it is. */
  readonly gateway: "kong" | "tyk";
  /** What its tests run in. */
  readonly test: "node" | "vitest";
}

export interface KongConfOptions extends LoadingOptions {
  readonly kongVersion: string;
  readonly mode: ServingMode;
  readonly format: SettingsFormat;
  /** What the commands in the printed settings are to have. */
  readonly server: ServerFlags;
}

export interface TykConfOptions extends LoadingOptions {
  /** The newest that is known where there is none. */
  readonly tykVersion: string | undefined;
  /** Whether API definitions are in the OAS form. */
  readonly oas: boolean;
  readonly format: TykFormat;
  /** Where the server listens for the gateway. */
  readonly address: string;
  /** Bytes. */
  readonly maxMessageSize: number;
}

export interface BundleOptions extends LoadingOptions {
  /** Files or folders. */
  readonly plugins: readonly string[];
  /** Path of the zip, whose name gets a digest of the contents. */
  readonly out: string;
  /** Path of the private RSA key to sign with. */
  readonly sign: string | undefined;
  /** Path of a manifest whose hooks are taken in place of those that the plugins have. */
  readonly manifest: string | undefined;
  /** Path of the index that gets an entry. */
  readonly index: string | undefined;
}

export interface ConfigOptions {
  readonly json: boolean;
  /** All that holds, and what of it stands on the command line. */
  readonly given: GivenFlags;
  readonly written: GivenFlags;
  readonly settings: SettingsBeneath;
}

/** What the command line asks for. */
export type Invocation =
  | { readonly command: "help"; readonly text: string }
  | { readonly command: "version" }
  | { readonly command: "dump-all"; readonly options: LoadingOptions }
  | { readonly command: "dump"; readonly name: string; readonly options: LoadingOptions }
  | { readonly command: "dump-plugin-info"; readonly name: string; readonly options: LoadingOptions }
  | { readonly command: "serve"; readonly options: ServeOptions }
  | { readonly command: "try"; readonly options: TryOptions }
  | { readonly command: "check"; readonly options: CheckOptions }
  | { readonly command: "build"; readonly options: BuildCommandOptions }
  | { readonly command: "init"; readonly options: InitOptions }
  | { readonly command: "kong-conf"; readonly options: KongConfOptions }
  | { readonly command: "tyk-conf"; readonly options: TykConfOptions }
  | { readonly command: "config"; readonly options: ConfigOptions }
  | { readonly command: "bundle"; readonly options: BundleOptions }
  | { readonly command: "operate"; readonly request: OperatorRequest };
