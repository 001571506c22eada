import { capture } from '../../support/capture.js';
import { exchange, startEcho } from '../../support/host-echo.js';
import { EXTERNAL } from '../../support/scene-plan.js';
import { demand, type Check } from '../check.js';

const PAYLOAD = 'hello, red1';

export const portForwardingCheck: Check = {
  id: 'port-forwarding',
  title: 'From outside to the published port of a red VM',
  async run({ scene }, say) {
    const { externalHost, vms } = scene;
    const { natAddress, publishedPort, publishedVm, host } = EXTERNAL;
    // Blue's VM has the same address and listens on the same port.
    const servers = await Promise.all(
      [vms.red1, vms.blue1].map(({ namespace }) => startEcho(namespace, publishedVm, 80)),
    );
    const atBlue = await capture(vms.blue1.namespace, 'eth0', 'tcp port 80');
    const { from, to, payload } = await exchange(externalHost, {
      ...{ transport: 'tcp', address: natAddress, port: publishedPort, payload: PAYLOAD },
    });
    const strays = await atBlue.stop();
    await Promise.all(servers.map((server) => server.stop()));
    say(`${host} -> ${natAddress}:${publishedPort}, TCP: answered by ${to.address}:${to.port}`);
    say(
      `red1 saw the client ${from.address}; blue1, with the same address, saw ${strays.length} packets`,
    );
    demand(to.address === publishedVm && to.port === 80, `${to.address}:${to.port} answered.`);
    demand(from.address === host, `red1 saw ${from.address}, not ${host}.`);
    demand(payload === PAYLOAD, 'The payload changed on its way.');
    demand(strays.length === 0, `blue1 saw ${strays.length} packets of red's connection.`);
    return { detail: `${natAddress}:${publishedPort} reaches red1 port 80, and not blue1` };
  },
};
