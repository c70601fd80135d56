/** What the Node.js of a warden and of an agent is started with: each sandbox has one of both, and what they load to stay needs no room for what is new and soon gone. It saves some 30 MiB a sandbox. */
export const frugalNode = ["--max-semi-space-size=2"] as const;
