import { createScene, type Scene } from '../../support/scene.js';
import { demand, type Outcome, type Say } from '../check.js';

export const sceneCheck = {
  id: 'scene',
  title: 'Build the scene: network namespaces, two Open vSwitch hosts, six VMs, an external host',
  async run(say: Say): Promise<Outcome & { readonly scene: Scene }> {
    demand(process.getuid?.() === 0, 'Network namespaces and BPF need root: run it as root.');
    const scene = await createScene();
    for (const host of Object.values(scene.hosts)) {
      const version = (await host.appctl('version')).split('\n')[0] ?? '';
      say(`${host.namespace.label} ${host.providerAddress}: ${version}`);
    }
    say(`gateway: namespace ${scene.gateway.name}, devices underlay and external`);
    return { scene, detail: 'nothing of it is linked to the network of this machine' };
  },
};
