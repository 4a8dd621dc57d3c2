// The Go documentation's example, in the Go style: the fields of what New() returns are the configuration.
import type { Kong } from "pluginserver/pdk";

export const Version = "1.0.0";
export const Priority = 1;

class Hello {
  message = "hello";

  async Access(kong: Kong): Promise<void> {
    const host = await kong.request.getHeader("host");
    if (host === undefined) {
      await kong.log.err("there is no Host header");
      return;
    }
    await kong.response.setHeader("x-hello-from-typescript", `TypeScript says ${this.message} to ${host}`);
  }
}

export function New(): Hello {
  return new Hello();
}
