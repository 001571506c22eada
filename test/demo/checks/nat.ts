import { capture } from '../../support/capture.js';
import { exchange, startEcho } from '../../support/host-echo.js';
import { ping } from '../../support/ping.js';
import { EXTERNAL } from '../../support/scene-plan.js';
import { customerAddressOf, vsidOf } from '../cast.js';
import { demand, type Check } from '../check.js';
import { nvgate } from '../nvgate.js';
import { summaryOf } from '../ping-text.js';
import { sourcesOf } from '../tunnel-packet.js';

const PORT = 7001;

export const natCheck: Check = {
  id: 'nat',
  title: 'Red VM to the outside through NAT',
  async run(stage, say) {
    const { externalHost, vms } = stage.scene;
    const { host, natAddress } = EXTERNAL;
    const vm = vms.red1.namespace;
    const seen = await capture(externalHost, 'eth0', 'icmp[icmptype] = icmp-echo', {
      direction: 'in',
    });
    const out = await ping(vm, host, { count: 5 });
    const sources = sourcesOf(await seen.stop());
    say(`red1 -> ${host}: ${summaryOf(out)}; source seen there: ${sources.join()}`);
    demand(out.received === 5, `red1 -> ${host}: ${summaryOf(out)}`);
    demand(sources.join() === natAddress, `The outside saw ${sources.join()}, not ${natAddress}.`);

    const server = await startEcho(externalHost, host, PORT);
    for (const transport of ['tcp', 'udp'] as const) {
      const { from } = await exchange(vm, { transport, address: host, port: PORT });
      say(
        `red1 -> ${host} port ${PORT}, ${transport.toUpperCase()}: the server saw ${from.address}`,
      );
      demand(from.address === natAddress, `The server saw ${from.address}, not ${natAddress}.`);
    }
    await server.stop();
    await nvgate(stage, say, [
      ...['trace', '--vsid', String(vsidOf('red1')), '--from', customerAddressOf('red1')],
      ...['--to', host, '--protocol', 'tcp', '--port', String(PORT)],
    ]);
    return { detail: `ping, TCP and UDP; the outside sees ${natAddress}` };
  },
};
