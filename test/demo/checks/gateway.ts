import { createGateway, type Gateway } from '../../support/gateway.js';
import type { Scene } from '../../support/scene.js';
import type { Outcome, Say } from '../check.js';
import { ask, nvgate } from '../nvgate.js';

interface GatewayAnswer {
  readonly version: string;
}

export const gatewayCheck = {
  id: 'gateway',
  title: 'Start the gateway',
  async run(scene: Scene, say: Say): Promise<Outcome & { readonly gateway: Gateway }> {
    const gateway = createGateway(scene.gateway);
    say(`$ nvgate run --config ${gateway.configFile}`);
    const start = performance.now();
    await gateway.start();
    const seconds = (performance.now() - start) / 1000;
    await nvgate({ gateway }, say, ['capabilities'], {
      show: (line) => /^(connectionTypes|vsidRange|innerMtu|addressFamilies)/.test(line),
    });
    const { version } = await ask<GatewayAnswer>({ gateway }, ['status']);
    return {
      gateway,
      detail: `nvgate ${version} answers on its provider API after ${seconds.toFixed(1)} s`,
    };
  },
};
