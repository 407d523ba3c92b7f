export { createGatewayClient } from "./gateway-client.ts";
export type { GatewayClient, GatewayMediaBytes, GatewaySendState } from "./gateway-client.ts";
export { GatewayRefused, GatewayUnreachable } from "./gateway-errors.ts";
