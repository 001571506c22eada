import { createGateway, type Gateway } from './gateway.js';
import { createNamespace, ip, type Namespace } from './namespace.js';

/** A gateway whose devices `underlay` and `external` lead nowhere: for what needs no packets. */
export async function createBareGateway(
  settings: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly namespace: Namespace; readonly gateway: Gateway }> {
  const namespace = await createNamespace('gateway');
  await ip(
    namespace,
    'link add underlay type veth peer name underlay-p',
    'link add external type veth peer name external-p',
    ...['underlay', 'underlay-p', 'external', 'external-p'].map((name) => `link set ${name} up`),
  );
  return { namespace, gateway: createGateway(namespace, settings) };
}
