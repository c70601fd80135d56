/** Where a notation is to lead. */
export interface Aim {
  readonly port: number;
  /** `host:port` that the run may reach. */
  readonly allowed: string;
  /** An address and the name that the machine has in its network. */
  readonly ownAddress: string;
  readonly ownName: string;
}

const hosts = [
  "127.0.0.1",
  "127.0.0.2",
  "127.255.255.254",
  "127.1",
  "127.0.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "0x7f.1",
  "017700000001",
  "0177.0.0.1",
  "00000177.1",
  "127.0x1",
  "0",
  "0.0.0.0",
  "127.0.0.1.",
  "2130706433.",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "１２７.0.0.1",
  "%31%32%37.0.0.1",
  "localhost",
  "LOCALHOST.",
  "app.localhost",
  "localhost.localdomain",
  "ip6-localhost",
  "[::1]",
  "[::]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[2002:7f00:1::]",
  "[::1%25lo]",
  "[fe80::1%25lo]",
];

/** Ways to write this machine in an address. Some of them no browser takes for one. */
export const notations: Readonly<Record<string, (aim: Aim) => string>> = {
  ...Object.fromEntries(hosts.map((host) => [host, ({ port }: Aim) => `http://${host}:${port}/`])),
  "the machine's own address": ({ port, ownAddress }) => `http://${ownAddress}:${port}/`,
  "the machine's own name": ({ port, ownName }) => `http://${ownName}:${port}/`,
  "the allowed host as a user's name": ({ port, allowed }) => `http://${allowed}@127.0.0.1:${port}/`,
  "the allowed host before a backslash": ({ port, allowed }) => `http://127.0.0.1:${port}\\@${allowed}/`,
  "the allowed host behind a hash": ({ port, allowed }) => `http://127.0.0.1:${port}/#@${allowed}/`,
  "backslashes for slashes": ({ port }) => `http:\\\\127.0.0.1:${port}\\`,
  "too many slashes": ({ port }) => `http:////127.0.0.1:${port}/`,
  "a tab within the address": ({ port }) => `http://127.0.\t0.1:${port}/`,
};
