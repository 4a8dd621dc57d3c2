// Names the variable by which a server knows that a supervisor has started it.

export const SUPERVISED = "PLUGINSERVER_SUPERVISED";
