// The door of service-manager: what the process has from the service manager that started it, and what it tells it.
export { DescriptorSocket, inheritedSockets, type InheritedSocket } from "./inherited-sockets.js";
export { ServiceManager } from "./service-manager.js";
