import { capture } from '../../support/capture.js';
import { exchange, startEcho } from '../../support/host-echo.js';
import { ping } from '../../support/ping.js';
import { EXTERNAL } from '../../support/scene-plan.js';
import { customerAddressOf } from '../cast.js';
import { demand, type Check } from '../check.js';
import { summaryOf } from '../ping-text.js';
import { sourcesOf } from '../tunnel-packet.js';

const PORT = 7000;

export const routedCheck: Check = {
  id: 'routed',
  title: 'Blue VM and physical network, routed both ways',
  async run({ scene }, say) {
    const { externalHost } = scene;
    const { physicalHost } = EXTERNAL;
    const vm = scene.vms.blue1.namespace;
    const address = customerAddressOf('blue1');
    const seen = await capture(externalHost, 'eth0', 'icmp[icmptype] = icmp-echo', {
      direction: 'in',
    });
    const out = await ping(vm, physicalHost, { count: 5 });
    const sources = sourcesOf(await seen.stop());
    say(`blue1 -> ${physicalHost}: ${summaryOf(out)}; source seen there: ${sources.join()}`);
    demand(out.received === 5, `blue1 -> ${physicalHost}: ${summaryOf(out)}`);
    demand(sources.join() === address, `The physical host saw ${sources.join()}, not ${address}.`);

    const back = await ping(externalHost, address, { count: 5, source: physicalHost });
    say(`${physicalHost} -> blue1 ${address}: ${summaryOf(back)}`);
    demand(back.received === 5, `${physicalHost} -> ${address}: ${summaryOf(back)}`);

    const server = await startEcho(externalHost, physicalHost, PORT);
    const { from } = await exchange(vm, { transport: 'tcp', address: physicalHost, port: PORT });
    await server.stop();
    say(`blue1 -> ${physicalHost} port ${PORT}, TCP: the server saw ${from.address}`);
    demand(from.address === address, `The server saw ${from.address}, not ${address}.`);
    return { detail: `ping both ways and TCP; the physical network sees the CA ${address}` };
  },
};
