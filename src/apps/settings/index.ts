// The door of settings: what is said of a server beside its command line, in variables and in a file, and where each value is from.
export { programSettings, serverSettings, Settings } from "./settings.js";
export { hasVariable, misspelledVariables, type SettingSource, sourceText, variableName } from "./variables.js";
