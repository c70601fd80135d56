/**
 * What the Node.js of a warden and of an agent is started with: each sandbox has one of both, and what they load to stay needs little room for what is new and soon
 * gone. An agent, which loads three times as much, would take a tenth longer to start with as little as a warden.
 */
export const frugalNode = { warden: ["--max-semi-space-size=2"], agent: ["--max-semi-space-size=8"] } as const;
