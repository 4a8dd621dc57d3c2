// `kong.ctx.*`, `kong.router.*`, `kong.plugin.*` and `kong.vault.*`: what belongs to the request and its configuration.

import { stringArgument, textArgument, refused, type PdkFunctions } from "./definition.js";

export const contextFunctions: PdkFunctions = {
  "kong.ctx.shared.set": {
    phases: "RASL",
    run: ({ request }, args) => void request.shared.set(stringArgument(args, 0, "key"), args[1]),
  },
  "kong.ctx.shared.get": {
    phases: "RASL",
    run: ({ request }, args) => request.shared.get(stringArgument(args, 0, "key")),
  },
  "kong.router.get_route": { phases: "ASL", run: ({ request }) => request.route },
  "kong.router.get_service": { phases: "ASL", run: ({ request }) => request.service },
  "kong.plugin.get_id": { phases: "RASL", run: ({ plugin }) => plugin.id },
  "kong.vault.is_reference": {
    phases: "RASL",
    run: (_call, args) => /^\{vault:\/\/.+\}$/s.test(stringArgument(args, 0, "reference")),
  },
  // No vault is configured: the error text is lost on the way, as Kong 3.x has it.
  "kong.vault.get": { phases: "RASL", run: (_call, args) => void textArgument(args, 0, "reference") },
  "kong.configuration.database": refused,
};
